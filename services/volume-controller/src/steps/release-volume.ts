import { type BackupTarget, type BackupVolume, FINALIZER, resources } from '@mooring/api';
import { removeFinalizer } from '@mooring/runtime';
import { BY_VOLUME, keyOfVolume } from '../caches.ts';
import { isRemoteDeleteWish, isRemovable } from '../policies.ts';
import type { Parts } from '../parts.ts';
import { removeBackup, runAll } from './write-backups.ts';

/**
 * Lets a deleted BackupVolume go: deletes the objects of its Backups, then takes our finalizer off. Asks nothing of the store or the target, so
 * it ends whatever their state; no byte of the store is touched. Backups that the cache does not show yet are left to the garbage collector.
 */
export async function releaseVolume(
  parts: Parts,
  volume: BackupVolume,
  target: BackupTarget | undefined,
): Promise<void> {
  if (isRemoteDeleteWish(volume, target)) {
    parts.events.record(volume, {
      type: 'Warning',
      reason: 'RemoteDeleteNotSupported',
      message:
        "only the object is deleted; the volume's backups stay in the store and come back at the next sync of the backup target",
    });
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
