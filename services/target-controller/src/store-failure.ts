/** What an error of the store means for its target. Pure. */
import { isStoreError } from '@mooring/backupstore';
import { redactUrl } from '@mooring/telemetry';
import { stableMessage } from '@mooring/runtime';
import { MirrorFailure } from './mirror-failure.ts';
import type { SyncOutcome } from './status.ts';

/** Where it failed: opening (credentials, URL), the probe, or later. */
export type Stage = 'open' | 'probe' | 'sync';

/**
 * The outcome of a pass that an error of the store, or of objects in the cluster, ended; undefined for any other error (the API server is
 * away, a conflict), which the work queue retries, and for `Cancelled`, which is the echo of a pass that was given up. Unavailable's message begins as Longhorn's, because its tests and users look for those words.
 * After a probe that succeeded the target stays available.
 */
export function failureOf(error: unknown, stage: Stage, url: string): SyncOutcome | undefined {
  if (error instanceof MirrorFailure) return mirrorFailureOf(error, url);
  if (!isStoreError(error) || error.code === 'Cancelled') return undefined;
  const { reason } = error;
  const message = stableMessage(error);
  if (stage === 'sync') return { kind: 'incomplete', reason, message };
  const prefix =
    stage === 'open' ? 'failed to init backup target clients' : `failed to list system backups in ${redactUrl(url)}`;
  return { kind: 'failed', reason, message, unavailable: `${prefix}: ${message}` };
}

/** A store that failed at some of the objects is told of rather than its consequence. */
function mirrorFailureOf(failure: MirrorFailure, url: string): SyncOutcome | undefined {
  const storeError = failure.errors.find((error) => isStoreError(error));
  if (storeError !== undefined) return failureOf(storeError, 'sync', url);
  if (failure.kind === 'conflict') return undefined;
  return { kind: 'incomplete', reason: failure.reason, message: stableMessage(failure) };
}
