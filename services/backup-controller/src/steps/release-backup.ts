import { API_VERSION, type Backup, FINALIZER, resources } from '@mooring/api';
import { removeFinalizer } from '@mooring/runtime';
import type { BackupEntry } from '../backup-entry.ts';
import type { Parts } from '../parts.ts';
import { isRemoteDeleteWish, type PassFacts } from '../policies.ts';

/**
 * Lets a deleted Backup go: takes our finalizer off, and tells a person who hoped for more that remote data stay. Asks nothing of the store,
 * the target or the volume, so it ends whatever their state; no byte of the store is touched.
 */
export async function releaseBackup(parts: Parts, facts: PassFacts): Promise<void> {
  const object = subjectOf(facts.entry);
  if (isRemoteDeleteWish(facts)) {
    parts.events.record(object, {
      type: 'Warning',
      reason: 'RemoteDeleteNotSupported',
      message:
        'only the object is deleted; the backup stays in the store and comes back at the next sync of the backup target',
    });
  }
  const { client } = parts;
  await parts.limitWrites(() => removeFinalizer({ client, type: resources.backups, object, finalizer: FINALIZER }));
}

/** As much of the object as an event or a patch of its metadata needs. */
export function subjectOf({ metadata }: BackupEntry): Pick<Backup, 'apiVersion' | 'kind' | 'metadata'> {
  return { apiVersion: API_VERSION, kind: 'Backup', metadata: { ...metadata, finalizers: [...metadata.finalizers] } };
}
