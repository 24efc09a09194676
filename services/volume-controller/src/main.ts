import { loadServiceConfig, moverConfigSchema } from '@mooring/config';
import { runService } from '@mooring/runtime';
import { createLogger } from '@mooring/telemetry';
import { SERVICE, startApp } from './app.ts';

const config = loadServiceConfig({ env: process.env }, moverConfigSchema);
const log = createLogger({ service: SERVICE, level: config.logLevel });
await runService({ name: SERVICE, log, start: (context) => startApp(context, config, log) });
