import { type BackupTarget, type BackupVolume, resources, type ResourceType, whyDataStay } from '@mooring/api';
import { coreResources, isNotFound, type KubeClient } from '@mooring/runtime';
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
export async function readWish(client: KubeClient, { metadata }: BackupVolume): Promise<RemovalWish> {
  const { namespace } = metadata;
  const { plural, group } = resources.backupVolumes;
  const [volume, namespaceFound, definition] = await Promise.all([
    findVolume(client, metadata),
    find<BackupVolume>(client, coreResources.namespaces, { name: namespace ?? '' }),
    find<BackupVolume>(client, coreResources.customResourceDefinitions, { name: `${plural}.${group}` }),
  ]);
  if (volume === undefined) return { volume, target: undefined, whyDataStay: 'it is gone' };
  const target = await find<BackupTarget>(client, resources.backupTargets, { namespace, name: targetNameOf(volume) });
  const facts = { metadata: volume.metadata, namespace: namespaceFound, definition, target };
  return { volume, target, whyDataStay: whyDataStay(facts) };
}

/** That very BackupVolume as it is now; undefined when it is gone. */
export async function findVolume(
  client: KubeClient,
  { namespace, name, uid }: BackupVolume['metadata'],
): Promise<BackupVolume | undefined> {
  const volume = await find<BackupVolume>(client, resources.backupVolumes, { namespace, name });
  return volume?.metadata.uid === uid ? volume : undefined;
}

async function find<T>(
  client: KubeClient,
  type: ResourceType,
  ref: { readonly namespace?: string | undefined; readonly name: string },
): Promise<T | undefined> {
  try {
    return await client.get<T>(type, ref);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
