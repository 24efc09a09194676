import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import { type Backup, type BackupVolume, resources } from '@mooring/api';
import { coreResources, type KubeClient } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

interface EventObject {
  readonly type: string;
  readonly reason: string;
  readonly involvedObject: { readonly uid?: string; readonly kind: string };
}

async function warnings(kube: KubeClient, namespace: string): Promise<EventObject[]> {
  const { items } = await kube.list<EventObject>(coreResources.events, { namespace });
  return items.filter(({ reason }) => reason === 'RemoteDeleteNotSupported');
}

describe('deleting objects that mirror a store', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;

  beforeEach(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.create();
    await store.volume('pvc-1');
    for (const backup of ['one', 'two', 'three']) await store.backup({ volume: 'pvc-1', backup });
    await setup.target('default', store.url);
  });

  afterEach(() => setup.stop());

  const syncedVolume = async (): Promise<BackupVolume> => {
    const volume = await setup.volume('pvc-1');
    await setup.settled();
    expect(await setup.list(resources.backups)).to.have.length(3);
    return volume;
  };

  const remove = (volume: BackupVolume): Promise<void> =>
    setup.kube.delete(resources.backupVolumes, { namespace: setup.namespace, name: volume.metadata.name });

  const everythingGone = async (): Promise<void> => {
    await eventually(async () => {
      const left = [...(await setup.list(resources.backupVolumes)), ...(await setup.list(resources.backups))];
      return left.length === 0;
    });
  };

  it('a BackupVolume takes the objects of its Backups with it and no byte of the store, and its user is told', async () => {
    const files = await readdir(store.folder, { recursive: true });
    const volume = await syncedVolume();
    await remove(volume);
    await everythingGone();
    expect(await readdir(store.folder, { recursive: true })).to.deep.equal(files);
    const told = await eventually(async () => {
      const found = await warnings(setup.kube, setup.namespace);
      return found.length > 0 && found;
    });
    // The Backups went with their volume, not by anybody's wish: one warning, on the volume.
    expect(told.map(({ involvedObject }) => involvedObject.uid)).to.deep.equal([volume.metadata.uid]);
    await setup.volume('pvc-1');
    await setup.settled();
    expect(await setup.list(resources.backups)).to.have.length(3);
  });

  it('says nothing of remote data when the label asks for the object alone', async () => {
    const volume = await syncedVolume();
    const labels = { 'longhorn.io/delete-custom-resource-only': 'true' };
    const { name } = volume.metadata;
    const ref = { namespace: setup.namespace, name };
    await setup.kube.patch(resources.backupVolumes, ref, { metadata: { labels } }, { kind: 'merge' });
    await eventually(() => {
      const known = setup.volumes.caches.volumes.get(setup.namespace, name);
      return known?.metadata.labels?.['longhorn.io/delete-custom-resource-only'] === 'true';
    });
    await remove(volume);
    await everythingGone();
    expect(await warnings(setup.kube, setup.namespace)).to.deep.equal([]);
  });

  it('ends with the store away, the target unavailable, or the target gone', async () => {
    const volume = await syncedVolume();
    await store.remove('backupstore');
    await setup.target('default', store.url, { available: false });
    await remove(volume);
    await everythingGone();
    const again = await setup.volume('pvc-2');
    await setup.kube.delete(resources.backupTargets, { namespace: setup.namespace, name: 'default' });
    await remove(again);
    await everythingGone();
  });

  it('leaves finalizers of others alone, and waits for them without end or harm', async () => {
    const volume = await syncedVolume();
    const ref = { namespace: setup.namespace, name: 'two' };
    const finalizers = ['longhorn.io', 'example.com/keep'];
    await setup.kube.patch(resources.backups, ref, { metadata: { finalizers } }, { kind: 'merge' });
    await setup.kube.delete(resources.backups, ref);
    await eventually(async () => {
      const backup = await setup.get<Backup>(resources.backups, 'two');
      return backup?.metadata.finalizers?.join() === 'example.com/keep';
    });
    const { name } = volume.metadata;
    const spec = { syncRequestedAt: '2026-01-01T00:00:00.000001Z' };
    await setup.kube.patch(resources.backupVolumes, { namespace: setup.namespace, name }, { spec }, { kind: 'merge' });
    await eventually(async () => {
      const seen = await setup.get<BackupVolume>(resources.backupVolumes, name);
      return seen?.status?.conditions?.[0]?.reason === 'Syncing';
    });
    await setup.kube.patch(resources.backups, ref, { metadata: { finalizers: null } }, { kind: 'merge' });
    await setup.settled();
    const after = await setup.get<Backup>(resources.backups, 'two');
    expect(after?.status?.state).to.equal('Completed');
  });

  it('a namespace goes with everything in it', async () => {
    await syncedVolume();
    await setup.kube.delete(coreResources.namespaces, { name: setup.namespace });
    await eventually(async () => (await setup.get(coreResources.namespaces, setup.namespace)) === undefined, {
      timeoutMs: 30_000,
      what: 'the namespace is gone',
    });
  });
});
