import { moverExit } from '@mooring/api';
import { ConfigError } from '@mooring/config';
import { createLogger } from '@mooring/telemetry';
import { runMover, SERVICE } from './app.ts';
import { loadRunConfig, type RunConfig } from './config.ts';

/** Exit code of a second SIGTERM, which waits for nothing. */
const INTERRUPTED = 130;

const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    stop.abort();
  });
}
const config = configOrExit();
const log = createLogger({ service: SERVICE, level: config.logLevel });
for (const defect of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(defect, (error: unknown) => {
    log.error({ err: error }, 'the run has a defect and ends');
    process.exit(moverExit.failed);
  });
}
process.exit(await runMover({ config, log, signal: stop.signal, traceparent: process.env['TRACEPARENT'] }));

function configOrExit(): RunConfig {
  try {
    return loadRunConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    createLogger({ service: SERVICE }).error({ err: error }, 'the orders of this run cannot be followed');
    process.exit(moverExit.refused);
  }
}
