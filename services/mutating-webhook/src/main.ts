import { readWebhookConfig, startWebhookService } from '@mooring/admission';
import { runService } from '@mooring/runtime';
import { createLogger } from '@mooring/telemetry';
import { mutatingWebhook } from './webhook.ts';

const config = readWebhookConfig(process.env);
const log = createLogger({ service: mutatingWebhook.service, level: config.logLevel });

await runService({
  name: mutatingWebhook.service,
  log,
  isMemoryLimited: false,
  start: (context) => startWebhookService({ kind: mutatingWebhook, config, log, context }),
});
