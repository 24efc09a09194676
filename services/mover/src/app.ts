import { moverExit, moverTasks, type MoverTask } from '@mooring/api';
import { type Clock, KubeClient, type Log, stableMessage, systemClock } from '@mooring/runtime';
import { startTelemetry, withRemoteParent, withSpan } from '@mooring/telemetry';
import type { RunConfig } from './config.ts';
import { decideExit } from './decide-exit.ts';
import { isMoverError } from './errors.ts';
import type { Run } from './run.ts';
import { StatusWriter } from './status-writer.ts';
import { makeBackup } from './steps/make-backup.ts';
import { removeSnapshot } from './steps/remove-snapshot.ts';
import { restoreVolume } from './steps/restore-volume.ts';
import { takeSnapshot } from './steps/take-snapshot.ts';
import { verifyBackup } from './steps/verify-backup.ts';
import { Subject } from './subject.ts';

/** Name of this service: of its log lines and its traces. */
export const SERVICE = 'mover';

const TASKS: Readonly<Record<MoverTask, (run: Run) => Promise<void>>> = {
  'take-snapshot': takeSnapshot,
  'remove-snapshot': removeSnapshot,
  backup: makeBackup,
  verify: verifyBackup,
  restore: restoreVolume,
};

/** Where the status says why a run failed. */
const FAILURES: Readonly<Record<MoverTask, (text: string) => object>> = {
  'take-snapshot': (error) => ({ error }),
  'remove-snapshot': (error) => ({ error }),
  backup: (error) => ({ error }),
  // The backup itself did not fail.
  verify: (verify) => ({ messages: { verify } }),
  restore: (restoreError) => ({ restoreError, restoreWaiting: '' }),
};

/** What a run is started with. */
export interface AppOptions {
  readonly config: RunConfig;
  readonly log: Log;
  /** Fires when the run is to pause (SIGTERM). */
  readonly signal: AbortSignal;
  readonly traceparent?: string | undefined;
  readonly clock?: Clock | undefined;
}

/** Does what the orders say, and resolves with the exit code: one of `moverExit`. */
export async function runMover(options: AppOptions): Promise<number> {
  const { config, log, traceparent } = options;
  const { otlpEndpoint, task, object } = config;
  // Most runs are short and export nothing: they need not load what does.
  const telemetry = otlpEndpoint
    ? await startTelemetry({ service: SERVICE, version: '0.1.0', otlpEndpoint })
    : undefined;
  const attributes = { 'k8s.object.kind': moverTasks[task], 'k8s.object.name': object };
  try {
    const client = await KubeClient.fromEnvironment();
    try {
      return await withRemoteParent(traceparent, () =>
        withSpan(`mover ${task}`, attributes, () => work(options, client)),
      );
    } finally {
      client.close();
    }
  } catch (error) {
    // Before the work began: nothing of the cluster was reached.
    const { exitCode, outcome } = decideExit(error, { isPausing: options.signal.aborted });
    log.error({ err: error, outcome }, 'the run could not begin');
    return exitCode;
  } finally {
    await telemetry?.shutdown();
  }
}

async function work({ config, log, signal, clock = systemClock }: AppOptions, client: KubeClient): Promise<number> {
  const subject = new Subject(client, config);
  const gone = new AbortController();
  const status = new StatusWriter({
    patch: async (change) => await subject.patchStatus(change),
    clock,
    onError: (error) => {
      log.warn({ err: error }, 'failed to report in the object');
      if (isMoverError(error, 'ObjectGone') && !gone.signal.aborted) gone.abort(error);
    },
  });
  const context = { task: config.task, object: config.object };
  log.info(context, 'the run begins');
  try {
    const run: Run = { config, client, subject, status, log, clock, signal: AbortSignal.any([signal, gone.signal]) };
    await TASKS[config.task](run);
    await status.end();
    log.info(context, 'the run is done');
    return moverExit.done;
  } catch (error) {
    await status.end();
    const cause: unknown = gone.signal.aborted ? gone.signal.reason : error;
    const { exitCode, outcome, isReported } = decideExit(cause, { isPausing: signal.aborted });
    if (isReported) await reportFailure(subject, { config, log, cause });
    if (outcome === 'paused') log.info(context, 'the run is paused');
    else log.error({ ...context, err: cause, outcome }, 'the run failed');
    return exitCode;
  }
}

// The object's status says why, until a later run gets further. Where it cannot be written, the log must do.
async function reportFailure(
  subject: Subject,
  { config, log, cause }: { readonly config: RunConfig; readonly log: Log; readonly cause: unknown },
): Promise<void> {
  const text = stableMessage(cause);
  try {
    await subject.patchStatus(FAILURES[config.task](text));
  } catch (error) {
    log.warn({ err: error }, 'failed to report the failure in the object');
  }
}
