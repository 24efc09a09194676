import { runService } from '@mooring/runtime';
import { createLogger } from '@mooring/telemetry';
import { SERVICE, startApp } from './app.ts';
import { readConfig } from './config.ts';

const config = readConfig(process.env);
const log = createLogger({ service: SERVICE, level: config.logLevel });
await runService({ name: SERVICE, log, start: (context) => startApp(context, config, log) });
