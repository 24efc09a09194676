import { type BackupVolume, FINALIZER, resources } from '@mooring/api';
import { removeFinalizer } from '@mooring/runtime';
import { BY_VOLUME, keyOfVolume } from '../caches.ts';
import { isRemovable } from '../policies.ts';
import type { Parts } from '../parts.ts';
import { removeBackup, runAll } from './write-backups.ts';

/**
 * Lets a deleted BackupVolume go: deletes the objects of its Backups, then takes our finalizer off. Asks nothing of the store or the target, so
 * it ends whatever their state; no byte of the store is touched. Backups that the cache does not show yet are left to the garbage collector.
 * `whyDataStay` is told to a person who may have hoped for more; undefined: there is nothing to tell.
 */
export async function releaseVolume(parts: Parts, volume: BackupVolume, whyDataStay?: string): Promise<void> {
  if (whyDataStay !== undefined) {
    const message = `only the object is deleted, the backups of the volume stay in the store: ${whyDataStay}`;
    parts.events.record(volume, { type: 'Normal', reason: 'RemoteDataKept', message });
  }
  const uid = volume.metadata.uid ?? '';
  const entries = parts.caches.backups
    .byIndex(BY_VOLUME, keyOfVolume(volume))
    .filter((entry) => isRemovable(entry) && (entry.ownerUid === '' || entry.ownerUid === uid));
  await runAll(
    parts,
    entries.map((entry) => () => removeBackup(parts, entry)),
  );
  const { client } = parts;
  const options = { client, type: resources.backupVolumes, object: volume, finalizer: FINALIZER };
  await parts.limitWrites(() => removeFinalizer(options));
}
