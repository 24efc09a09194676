import { dirname } from 'node:path/posix';
import { FINALIZER, resources, settingOf, type Volume } from '@mooring/api';
import { addFinalizer } from '@mooring/runtime';
import { traceparent } from '@mooring/telemetry';
import type { AimedFacts } from '../decide-attempt.ts';
import type { RestoreParts } from '../parts.ts';
import { restoreJobs } from './restore-jobs.ts';
import { tellOrigin } from './tell-origin.ts';

/** What is restored; `base`: the backup that the data are now, to fetch only what changed, or empty. */
export interface StartOptions {
  readonly facts: AimedFacts;
  readonly backup: string;
  readonly base: string;
}

/**
 * Makes the Job of a restore. Our finalizer comes first: whoever deletes the Volume waits until its mover has ended. Then the Volume gets what the
 * store says of its origin. Gives the Volume as it is then; undefined: it is gone.
 */
export async function startRestore(
  parts: RestoreParts,
  { facts, backup, base }: StartOptions,
): Promise<Volume | undefined> {
  const { client, caches, limitWrites, runs, mover } = parts;
  const { target, source } = facts;
  const held = await limitWrites(() =>
    addFinalizer({ client, type: resources.volumes, object: facts.volume, finalizer: FINALIZER }),
  );
  if (held === undefined || held.metadata.deletionTimestamp) return undefined;
  const volume = await tellOrigin(parts, facts, await restoreJobs(parts, facts, held));
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
      workers: settingOf(caches.settings, volume.metadata.namespace, 'restore-concurrent-limit'),
    },
    store: { target: target.metadata.name, volume: source.volume },
    hostFolder: dirname(volume.spec.source?.file?.path ?? '/'),
    node: volume.spec.nodeID,
    traceparent: traceparent(),
  });
  return volume;
}
