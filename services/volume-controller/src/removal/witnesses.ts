import { type BackupTarget, type BackupVolume, resources, whyDataStay } from '@mooring/api';
import { coreResources, type KubeClient } from '@mooring/runtime';
import { targetNameOf } from '../caches.ts';

/** A deleted BackupVolume and what may become of its data, as the API server has it this moment. */
export interface RemovalWish {
  /** Undefined: that very object is gone. */
  readonly volume: BackupVolume | undefined;
  readonly target: BackupTarget | undefined;
  /** Why its data stay in the store; undefined: they may be removed. */
  readonly whyDataStay: string | undefined;
}

/** Reads all that a removal is judged by, uncached. Throws what the API server answers, but for "not found". */
export async function readWish(client: KubeClient, cached: BackupVolume): Promise<RemovalWish> {
  const { namespace } = cached.metadata;
  const { plural, group } = resources.backupVolumes;
  const [volume, namespaceFound, definition] = await Promise.all([
    client.findSame<BackupVolume>(resources.backupVolumes, cached),
    client.find<BackupVolume>(coreResources.namespaces, { name: namespace ?? '' }),
    client.find<BackupVolume>(coreResources.customResourceDefinitions, { name: `${plural}.${group}` }),
  ]);
  if (volume === undefined) return { volume, target: undefined, whyDataStay: 'it is gone' };
  const target = await client.find<BackupTarget>(resources.backupTargets, { namespace, name: targetNameOf(volume) });
  const facts = { metadata: volume.metadata, namespace: namespaceFound, definition, target };
  return { volume, target, whyDataStay: whyDataStay(facts) };
}
