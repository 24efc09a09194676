import { API_VERSION, findCondition, jobResource, type MoverJob, resources, type Volume } from '@mooring/api';
import { coreResources, KubeClient } from '@mooring/runtime';
import { eventually, sharedControlPlane, testNamespace } from '@mooring/testing';
import { expect } from 'chai';
import { createVolumeController } from '../../services/volume-controller/src/controller.ts';
import { FolderStore } from '../integration/folder-store.ts';
import { moverSettingsIn } from '../integration/mover-settings.ts';
import { handsOf } from '../integration/volume-setup.ts';

/** Lets so many writes through and refuses all later ones: to the objects, the process died right after the last. */
class DyingFence {
  #left: number;
  isDead = false;

  constructor(writes: number) {
    this.#left = writes;
  }

  isLeader(): boolean {
    this.isDead ||= this.#left-- <= 0;
    return !this.isDead;
  }
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string };
}

describe('a volume-controller that is killed after any write of a restore', function () {
  this.timeout(180_000);
  let kube: KubeClient;

  before(async () => {
    const { kubeconfig } = await sharedControlPlane();
    kube = await KubeClient.fromKubeconfig(kubeconfig);
  });
  after(() => kube.close());

  /** Ends every Pod well, as a node would whose mover has nothing to do. */
  async function endPods(namespace: string, ended: Set<string>): Promise<void> {
    const { items } = await kube.list<Pod>(coreResources.pods, { namespace });
    for (const { metadata } of items.filter((pod) => pod.status?.phase === 'Pending')) {
      const ref = { namespace, name: metadata.name, subresource: 'status' };
      await kube.patch(coreResources.pods, ref, { status: { phase: 'Succeeded' } }, { kind: 'merge' });
      ended.add(metadata.name);
    }
  }

  async function live(namespace: string, writes: number, isDone: () => Promise<unknown>): Promise<boolean> {
    const fence = new DyingFence(writes);
    const controller = createVolumeController({
      ...{ client: kube.fenced(fence), namespace, mover: moverSettingsIn(namespace) },
      allowedSchemes: ['vfs'],
    });
    await controller.start();
    controller.run();
    await Promise.race([isDone(), eventually(() => fence.isDead, { timeoutMs: 30_000 })]);
    await controller.stop(0);
    return fence.isDead;
  }

  it('restores once, and leaves no Job behind', async () => {
    for (let writes = 0; ; writes++) {
      const { name: namespace } = await testNamespace('restore');
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: 'mooring-mover' } };
      await kube.create(coreResources.serviceAccounts, account);
      const store = await FolderStore.create();
      await store.volume('pvc-1', { lastBackupName: 'one' });
      await store.backup({ volume: 'pvc-1', backup: 'one' });
      const hands = handsOf(kube, namespace);
      await hands.target('default', store.url);
      await hands.volume('pvc-1');
      await live(namespace, Infinity, () => eventually(async () => (await hands.list(resources.backups)).length === 1));
      const spec = { fromBackup: `${store.url}?backup=one&volume=pvc-1`, source: { file: { path: '/data/copy.img' } } };
      const volume = { apiVersion: API_VERSION, kind: 'Volume', metadata: { namespace, name: 'copy' }, spec };
      await kube.create(resources.volumes, volume);
      const pods = new Set<string>();
      const isDone = () =>
        eventually(
          async () => {
            await endPods(namespace, pods);
            const found = await hands.get<Volume>(resources.volumes, 'copy');
            const jobs = await hands.list<MoverJob>(jobResource);
            return found?.status?.lastRestoredBackup === 'one' && jobs.length === 0 && found;
          },
          { timeoutMs: 30_000 },
        );
      const died = await live(namespace, writes, isDone);
      if (died) await live(namespace, Infinity, isDone);
      const { status, metadata, spec: after } = await isDone();
      expect(pods.size, `killed after ${String(writes)} writes`).to.equal(1);
      expect(after.size).to.equal('1073741824');
      expect(metadata.finalizers).to.deep.equal(['longhorn.io']);
      expect(status).to.include({ restoreRequired: false, restoreInitiated: true, isStandby: false });
      expect(findCondition(status?.conditions, 'Ready')).to.include({ status: 'True', reason: 'Restored' });
      if (!died) {
        // A status may take two writes (a patch after a conflict), and so may the Job's deletion (until the cache knows of it).
        expect(writes, 'size, finalizer, Job, status, status, event, Job').to.be.within(7, 10);
        return;
      }
    }
  });
});
