import { readWebhookConfig, startWebhookService } from '@mooring/admission';
import { runService } from '@mooring/runtime';
import { createLogger } from '@mooring/telemetry';
import { validatingWebhook } from './webhook.ts';

const config = readWebhookConfig(process.env);
const log = createLogger({ service: validatingWebhook.service, level: config.logLevel });

await runService({
  name: validatingWebhook.service,
  log,
  isMemoryLimited: false,
  start: (context) => startWebhookService({ kind: validatingWebhook, config, log, context }),
});
