/** A synced target, and what a test of the installation's life sees of its objects. */
import { API_VERSION, type BackupTarget, FINALIZER, kinds, type ObjectMeta, resources } from '@mooring/api';
import { isNotFound } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { FIXTURE_VOLUMES, type FolderStore } from './folder-store.ts';
import { type LifecycleCluster, OBJECTS } from './lifecycle-cluster.ts';

/** An object of ours as far as its life goes. */
export interface Living {
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

const SYNC = { timeoutMs: 60_000, intervalMs: 200 };

/** What the fixture store becomes. */
const MIRRORED = { BackupVolume: FIXTURE_VOLUMES.length, Backup: 7, BackupBackingImage: 2, SystemBackup: 1 };

/** All objects of our kinds in the object namespace; none of a kind that is not served. */
export async function allObjects({ kube }: LifecycleCluster): Promise<Living[]> {
  const lists = await Promise.all(
    kinds.map(async ({ resource }) => {
      try {
        const { items } = await kube.list<Living>(resource, { namespace: OBJECTS });
        return items.map((item) => ({ ...item, kind: resource.kind }));
      } catch (error) {
        if (isNotFound(error)) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}

/** `Backup/backup-1` of each object, in order. */
export function namesOf(objects: readonly Living[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
}

/** Names of the objects that have our finalizer. */
export function heldOf(objects: readonly Living[]): string[] {
  return namesOf(objects.filter(({ metadata }) => metadata.finalizers?.includes(FINALIZER) === true));
}

/** Creates a target of the fixture store and waits until all of it is there. */
export async function createSynced(cluster: LifecycleCluster, store: FolderStore): Promise<Living[]> {
  await createTarget(cluster, store);
  return await whenSynced(cluster);
}

/** Creates a target of a store, as soon as the webhooks answer. */
export async function createTarget({ kube }: LifecycleCluster, store: FolderStore): Promise<void> {
  const object = {
    apiVersion: API_VERSION,
    kind: 'BackupTarget',
    metadata: { name: 'fixture', namespace: OBJECTS },
    spec: { backupTargetURL: store.url, pollInterval: '2s' },
  };
  await eventually(() => kube.create<BackupTarget>(resources.backupTargets, object), {
    ...SYNC,
    what: 'the target is admitted',
  });
}

/** Waits until the store's objects and the target `default` are all there and everything has our finalizer. */
export async function whenSynced(cluster: LifecycleCluster): Promise<Living[]> {
  return await eventually(
    async () => {
      const objects = await allObjects(cluster);
      const countOf = (wanted: string): number => objects.filter(({ kind }) => kind === wanted).length;
      const isComplete = Object.entries(MIRRORED).every(([kind, number]) => countOf(kind) === number);
      const hasDefault = objects.some(({ kind, metadata }) => kind === 'BackupTarget' && metadata.name === 'default');
      return isComplete && hasDefault && heldOf(objects).length === objects.length && objects;
    },
    { ...SYNC, what: 'all objects are there, with our finalizer' },
  );
}
