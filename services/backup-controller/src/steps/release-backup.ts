import { API_VERSION, type Backup, FINALIZER, resources } from '@mooring/api';
import { removeFinalizer } from '@mooring/runtime';
import type { BackupEntry } from '../backup-entry.ts';
import type { Parts } from '../parts.ts';

/** Lets a deleted Backup go: takes our finalizer off. Asks nothing of the store, so it ends whatever its state; no byte of it is touched. */
export async function releaseBackup({ client, limitWrites }: Parts, entry: BackupEntry): Promise<void> {
  const object = subjectOf(entry);
  await limitWrites(() => removeFinalizer({ client, type: resources.backups, object, finalizer: FINALIZER }));
}

/** As much of the object as an event or a patch of its metadata needs. */
export function subjectOf({ metadata }: BackupEntry): Pick<Backup, 'apiVersion' | 'kind' | 'metadata'> {
  return { apiVersion: API_VERSION, kind: 'Backup', metadata: { ...metadata, finalizers: [...metadata.finalizers] } };
}
