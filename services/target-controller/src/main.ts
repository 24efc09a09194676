import { runService } from '@mooring/runtime';
import { createLogger } from '@mooring/telemetry';
import { startApp } from './app.ts';
import { readConfig } from './config.ts';

const config = readConfig(process.env);
const log = createLogger({ service: 'target-controller', level: config.logLevel });

await runService({
  name: 'target-controller',
  log,
  start: (context) => startApp(config, log, context),
});
