import { type BackupTarget, type BackupVolume, microTime, resources } from '@mooring/api';
import { isNotFound } from '@mooring/runtime';
import { BY_VOLUME } from '../caches.ts';
import type { Parts } from '../parts.ts';
import { volumeKey } from '../volume-entry.ts';

/** The volume whose backups have changed in the store. */
export interface ChangedVolume {
  /** Object namespace. */
  readonly namespace: string;
  readonly target: string;
  /** In label form. */
  readonly volume: string;
}

/** Asks for a sync of the BackupVolume, or, where there is none yet, of its BackupTarget. Either may be gone meanwhile. */
export async function askForSync(parts: Parts, { namespace, target, volume }: ChangedVolume): Promise<void> {
  const { client, caches, clock, limitWrites } = parts;
  const owner = caches.volumes.byIndex(BY_VOLUME, volumeKey(target, volume)).find(({ isDeleting }) => !isDeleting);
  const [type, name] =
    owner === undefined ? [resources.backupTargets, target] : [resources.backupVolumes, owner.metadata.name];
  try {
    const { spec } = await client.get<BackupTarget | BackupVolume>(type, { namespace, name });
    const body = { spec: { syncRequestedAt: microTime(clock.now(), spec.syncRequestedAt) } };
    await limitWrites(() => client.patch(type, { namespace, name }, body, { kind: 'merge' }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
