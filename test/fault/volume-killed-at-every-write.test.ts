import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { type Backup, type BackupVolume, type Condition, resources } from '@mooring/api';
import { backupConfigKey } from '@mooring/backupstore';
import { KubeClient } from '@mooring/runtime';
import { moverSettingsIn } from '../integration/mover-settings.ts';
import { eventually, sharedControlPlane, testNamespace } from '@mooring/testing';
import { createBackupController } from '../../services/backup-controller/src/controller.ts';
import { createVolumeController } from '../../services/volume-controller/src/controller.ts';
import { FolderStore } from '../integration/folder-store.ts';
import { handsOf, settledIn } from '../integration/volume-setup.ts';

/** Lets so many writes through and refuses all later ones: to the objects, the process died right after the last. */
class DyingFence {
  #left: number;
  isDead = false;

  constructor(writes: number) {
    this.#left = writes;
  }

  isLeader(): boolean {
    if (this.#left > 0) {
      this.#left--;
      return true;
    }
    this.isDead = true;
    return false;
  }
}

interface World {
  readonly namespace: string;
  readonly kube: KubeClient;
  readonly store: FolderStore;
  readonly hands: ReturnType<typeof handsOf>;
}

/** Runs both controllers with `writes` writes to spend; resolves when they are out of writes or `isDone`. True: they died. */
async function live(world: World, writes: number, isDone: () => Promise<unknown>): Promise<boolean> {
  const fence = new DyingFence(writes);
  const options = {
    client: world.kube.fenced(fence),
    namespace: world.namespace,
    allowedSchemes: ['vfs'] as const,
    mover: moverSettingsIn(world.namespace),
  };
  const controllers = [createVolumeController(options), createBackupController(options)];
  await Promise.all(controllers.map((controller) => controller.start()));
  for (const controller of controllers) controller.run();
  await Promise.race([isDone(), eventually(() => fence.isDead, { timeoutMs: 20_000 })]);
  await Promise.all(controllers.map((controller) => controller.stop(0)));
  return fence.isDead;
}

/** Objects without what differs from run to run: uids, versions, times. */
async function endState(world: World): Promise<unknown> {
  const volumes = await world.hands.list<BackupVolume>(resources.backupVolumes);
  const backups = await world.hands.list<Backup>(resources.backups);
  return [...volumes, ...backups].map(({ metadata, spec, status }) => ({
    name: metadata.name,
    labels: metadata.labels,
    finalizers: metadata.finalizers,
    owners: metadata.ownerReferences?.map(({ name }) => name),
    etag: metadata.annotations?.['mooring.io/config-etag']?.replace(/^(young|mtime)-.*-/, ''),
    blockSize: 'backupBlockSize' in spec ? spec.backupBlockSize : undefined,
    status: {
      ...status,
      url: undefined,
      lastSyncedAt: undefined,
      observedGeneration: undefined,
      observedSyncRequestedAt: undefined,
      lastModificationTime: undefined,
      conditions: status?.conditions?.map(({ type, status: value, reason }: Partial<Condition>) => [
        type,
        value,
        reason,
      ]),
    },
  }));
}

async function makeWorld(kube: KubeClient): Promise<World> {
  const { name: namespace } = await testNamespace('killed');
  const store = await FolderStore.create();
  await store.volume('pvc-1');
  // A store is never found empty: that is what one looks like that is away.
  await store.volume('another');
  await store.backup({ volume: 'pvc-1', backup: 'one' });
  await store.backup({ volume: 'pvc-1', backup: 'two', parameters: { 'backup-block-size': '16777216' } });
  await store.backup({ volume: 'pvc-1', backup: 'three', createdTime: '' });
  const hands = handsOf(kube, namespace);
  await hands.target('default', store.url);
  return { namespace, kube, store, hands };
}

/** One backup comes, one goes, one is completed, the volume grows: and the volume is asked to sync. */
async function changeStore({ store, kube, namespace, hands }: World): Promise<void> {
  await store.volume('pvc-1', { size: '2147483648' });
  await store.remove(backupConfigKey('pvc-1', 'one'));
  await store.backup({ volume: 'pvc-1', backup: 'three', labels: { done: 'yes' } });
  await store.backup({ volume: 'pvc-1', backup: 'four' });
  const [volume] = await hands.list<BackupVolume>(resources.backupVolumes);
  const spec = { syncRequestedAt: new Date().toISOString() };
  const ref = { namespace, name: volume?.metadata.name ?? '' };
  await kube.patch(resources.backupVolumes, ref, { spec }, { kind: 'merge' });
}

describe('controllers that are killed after any of their writes', function () {
  this.timeout(120_000);
  let kube: KubeClient;
  const worlds: World[] = [];

  before(async () => {
    const { kubeconfig } = await sharedControlPlane();
    kube = await KubeClient.fromKubeconfig(kubeconfig);
  });

  after(() => kube.close());

  /** Kills after 0, 1, 2, … writes of `doing`, restarts, and expects the same end each time; ends when nobody died. */
  async function killEverywhere(
    prepare: (world: World) => Promise<void>,
    isDone: (world: World) => Promise<unknown>,
  ): Promise<number> {
    const states: unknown[] = [];
    for (let writes = 0; ; writes++) {
      const world = await makeWorld(kube);
      worlds.push(world);
      await prepare(world);
      const died = await live(world, writes, () => isDone(world));
      if (died) await live(world, Infinity, () => isDone(world));
      states.push(await endState(world));
      expect(states.at(-1), `killed after ${String(writes)} writes`).to.deep.equal(states[0]);
      if (!died) return writes;
    }
  }

  it('finish the first sync', async () => {
    const writes = await killEverywhere(
      async ({ hands }) => {
        await hands.volume('pvc-1');
      },
      ({ namespace }) => settledIn(kube, namespace, { backups: 3 }),
    );
    expect(writes, '3 creates, 1 block size, 3 + 1 statuses').to.equal(8);
  });

  it('finish a sync that creates, changes and removes', async () => {
    const writes = await killEverywhere(
      async (world) => {
        await world.hands.volume('pvc-1');
        await live(world, Infinity, () => settledIn(kube, world.namespace, { backups: 3 }));
        await changeStore(world);
      },
      async ({ namespace }) => settledIn(kube, namespace, { backups: 3, without: 'one' }),
    );
    expect(writes).to.be.greaterThan(6);
  });

  it('finish a deletion', async () => {
    const writes = await killEverywhere(
      async (world) => {
        const { metadata } = await world.hands.volume('pvc-1');
        await live(world, Infinity, () => settledIn(kube, world.namespace, { backups: 3 }));
        await kube.delete(resources.backupVolumes, { namespace: world.namespace, name: metadata.name });
      },
      ({ hands, store }) =>
        eventually(
          async () => {
            const left = [...(await hands.list(resources.backupVolumes)), ...(await hands.list(resources.backups))];
            const files = await readdir(store.folder, { recursive: true });
            return left.length === 0 && !files.some((name) => /pvc-1.*\.cfg/.test(name));
          },
          { timeoutMs: 30_000 },
        ),
    );
    expect(writes).to.be.greaterThan(6);
  });
});
