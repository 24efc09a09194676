import { dirname } from 'node:path/posix';
import { FINALIZER, resources, type Volume } from '@mooring/api';
import { addFinalizer, patchStatus } from '@mooring/runtime';
import { traceparent } from '@mooring/telemetry';
import { type AimedFacts, isMixed } from '../decide-attempt.ts';
import { settingOf } from '../facts.ts';
import type { RestoreParts } from '../parts.ts';

/** What is restored; `base`: the backup that the data are now, to fetch only what changed, or empty. */
export interface StartOptions {
  readonly facts: AimedFacts;
  readonly backup: string;
  readonly base: string;
}

/**
 * Makes the Job of a restore. Our finalizer comes first: whoever deletes the Volume waits until its mover has ended. Gives the Volume as it is
 * then; undefined: it is gone.
 */
export async function startRestore(
  parts: RestoreParts,
  { facts, backup, base }: StartOptions,
): Promise<Volume | undefined> {
  const { client, limitWrites, runs, mover } = parts;
  const { target, source } = facts;
  const owned = await limitWrites(() =>
    addFinalizer({ client, type: resources.volumes, object: facts.volume, finalizer: FINALIZER }),
  );
  if (owned === undefined || owned.metadata.deletionTimestamp) return undefined;
  const volume = await forgetMix(parts, owned, backup);
  await runs.start({
    settings: mover,
    task: 'restore',
    object: volume,
    instance: [target.metadata.uid, source.volume, backup].join('/'),
    orders: {
      target: target.metadata.name,
      volume: source.volume,
      backup,
      base,
      workers: settingOf(parts, 'restore-concurrent-limit'),
    },
    store: { target: target.metadata.name, volume: source.volume },
    hostFolder: dirname(volume.spec.source?.file?.path ?? '/'),
    node: volume.spec.nodeID,
    traceparent: traceparent(),
  });
  return volume;
}

/** Data that are a mix of two backups are none of them any more, and must not be taken for one once another restore has left its trace. */
async function forgetMix({ client, limitWrites }: RestoreParts, volume: Volume, backup: string): Promise<Volume> {
  const { status = {} } = volume;
  if (!status.lastRestoredBackup || !isMixed(volume) || status.restoreRun?.endsWith(`>${backup}`) === true)
    return volume;
  const after = { ...volume, status: { ...status, lastRestoredBackup: '' } };
  return await limitWrites(() => patchStatus(client, resources.volumes, volume, after));
}
