import { type Backup, resources, type Volume, type VolumeStatus } from '@mooring/api';
import { patchStatus } from '@mooring/runtime';
import { volumeKeyOf } from '../../backup-entry.ts';
import { BY_VOLUME } from '../../caches.ts';
import type { AimedFacts } from '../decide-attempt.ts';
import { kubernetesStatusOf } from '../kubernetes-status.ts';
import type { RestoreParts } from '../parts.ts';

/**
 * Writes into the Volume what the backup that it comes from says of its volume: who used it, and how large the backup is. Once: what is there already
 * is newer. A backup that was not read yet says nothing, so this is asked again at the end of the restore. Gives the Volume as it is then. Throws
 * what the API server answers.
 */
export async function tellOrigin(
  { client, caches, limitWrites }: RestoreParts,
  { source, target }: AimedFacts,
  volume: Volume,
): Promise<Volume> {
  if (volume.status?.kubernetesStatus !== undefined) return volume;
  const known = caches.backups
    .byIndex(BY_VOLUME, volumeKeyOf(target.metadata.name, source.volume))
    .find(({ storeName }) => storeName === source.backup);
  const backup = known && (await client.find<Backup>(resources.backups, known.metadata));
  if (!backup?.status?.lastSyncedAt) return volume;
  const status = { ...volume.status, ...originOf(backup) };
  return await limitWrites(() => patchStatus(client, resources.volumes, volume, { ...volume, status }));
}

function originOf(backup: Backup): VolumeStatus {
  const actualSize = Number(backup.status?.size || 0);
  return {
    kubernetesStatus: kubernetesStatusOf(backup),
    ...(Number.isSafeInteger(actualSize) ? { actualSize } : {}),
  };
}
