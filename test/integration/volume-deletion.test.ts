import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Backup, type BackupVolume, type Condition, findCondition, resources, storeHash } from '@mooring/api';
import { MARKER_KEY } from '@mooring/backupstore';
import { coreResources } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

/** Every file of a store with its size; locks, which come and go, left out. */
async function bytesOf({ folder }: FolderStore): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => !name.endsWith('.lck'));
  const sizes = files.map(async (name) => {
    const found = await stat(join(folder, name));
    return found.isFile() ? `${name} ${String(found.size)}` : undefined;
  });
  return (await Promise.all(sizes)).filter((line) => line !== undefined).sort();
}

describe('deleting a BackupVolume', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;
  let bytes: string[];

  beforeEach(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.fixture();
    await rm(join(store.folder, MARKER_KEY), { force: true });
    bytes = await bytesOf(store);
    await setup.target('default', store.url);
  });

  afterEach(() => setup.stop());

  const syncedVolume = async (annotations: Readonly<Record<string, string>> = {}): Promise<BackupVolume> => {
    const volume = await setup.volume('pvc-lz4', 'default', annotations);
    await setup.settled();
    expect(await setup.list(resources.backups)).to.have.length(2);
    return volume;
  };
  const refOf = ({ metadata }: BackupVolume) => ({ namespace: setup.namespace, name: metadata.name });
  const remove = (volume: BackupVolume): Promise<void> => setup.kube.delete(resources.backupVolumes, refOf(volume));
  const patchTarget = (body: object) =>
    setup.kube.patch(resources.backupTargets, { namespace: setup.namespace, name: 'default' }, body, { kind: 'merge' });
  const readyOf = async ({ metadata }: BackupVolume): Promise<Readonly<Partial<Condition>> | undefined> => {
    const found = await setup.get<BackupVolume>(resources.backupVolumes, metadata.name);
    return findCondition(found?.status?.conditions, 'Ready');
  };
  const says = (volume: BackupVolume, reason: string, words = '') =>
    eventually(
      async () => {
        const ready = await readyOf(volume);
        expect(ready?.reason).to.equal(reason);
        expect(ready?.message).to.contain(words);
      },
      { timeoutMs: 20_000 },
    );
  const gone = async (): Promise<void> => {
    await eventually(
      async () => {
        const left = [...(await setup.list(resources.backupVolumes)), ...(await setup.list(resources.backups))];
        return left.length === 0;
      },
      { timeoutMs: 20_000 },
    );
  };
  const untouched = async (): Promise<void> => {
    expect(await bytesOf(store)).to.deep.equal(bytes);
  };
  const withoutVolume = (): string[] => bytes.filter((line) => !line.includes('/pvc-lz4/'));

  it('removes the volume from the store, nothing else of it, and the objects of its Backups', async () => {
    await remove(await syncedVolume());
    await gone();
    expect(withoutVolume()).to.have.length.within(1, bytes.length - 1);
    expect(await bytesOf(store)).to.deep.equal(withoutVolume());
  });

  it('removes no byte when the label asks for the object alone', async () => {
    const volume = await syncedVolume();
    const labels = { 'longhorn.io/delete-custom-resource-only': 'true' };
    await setup.kube.patch(resources.backupVolumes, refOf(volume), { metadata: { labels } }, { kind: 'merge' });
    await remove(volume);
    await gone();
    await untouched();
  });

  it('removes no byte when its target is gone', async () => {
    const volume = await syncedVolume();
    await setup.kube.delete(resources.backupTargets, { namespace: setup.namespace, name: 'default' });
    await remove(volume);
    await gone();
    await untouched();
  });

  it('removes no byte when its target was made anew, with the same name and URL', async () => {
    const volume = await syncedVolume();
    await setup.kube.delete(resources.backupTargets, { namespace: setup.namespace, name: 'default' });
    await setup.target('default', store.url);
    await remove(volume);
    await gone();
    await untouched();
  });

  it('removes no byte when its target is being deleted', async () => {
    const volume = await syncedVolume();
    await patchTarget({ metadata: { finalizers: ['example.com/keep'] } });
    await setup.kube.delete(resources.backupTargets, { namespace: setup.namespace, name: 'default' });
    await remove(volume);
    await gone();
    await untouched();
    await patchTarget({ metadata: { finalizers: null } });
  });

  it('removes no byte when nothing says which target or store it came from', async () => {
    const volume = await syncedVolume();
    const annotations = { 'mooring.io/store': null };
    await setup.kube.patch(resources.backupVolumes, refOf(volume), { metadata: { annotations } }, { kind: 'merge' });
    await remove(volume);
    await gone();
    await untouched();
  });

  it('removes no byte when a namespace goes with everything in it', async () => {
    await syncedVolume();
    await setup.kube.delete(coreResources.namespaces, { name: setup.namespace });
    await eventually(async () => (await setup.get(coreResources.namespaces, setup.namespace)) === undefined, {
      timeoutMs: 30_000,
      what: 'the namespace is gone',
    });
    await untouched();
  });

  it('removes no byte of another store that the target was moved to, and goes on when the URL is back', async () => {
    const volume = await syncedVolume();
    const other = await FolderStore.fixture();
    const others = await bytesOf(other);
    await patchTarget({ spec: { backupTargetURL: other.url } });
    await remove(volume);
    await says(volume, 'StoreChanged');
    expect(await bytesOf(other)).to.deep.equal(others);
    await untouched();
    await patchTarget({ spec: { backupTargetURL: store.url } });
    await gone();
    expect(await bytesOf(store)).to.deep.equal(withoutVolume());
    expect(await bytesOf(other)).to.deep.equal(others);
  });

  it('removes no byte of another store under the same URL, and lets go with the label', async () => {
    const volume = await syncedVolume({ 'mooring.io/store': storeHash({ url: store.url, storeID: 'former' }) });
    await store.write(MARKER_KEY, JSON.stringify({ storeID: 'another', createdAt: '2026-01-01T00:00:00Z' }));
    bytes = await bytesOf(store);
    await remove(volume);
    await says(volume, 'StoreChanged');
    const labels = { 'longhorn.io/delete-custom-resource-only': 'true' };
    await setup.kube.patch(resources.backupVolumes, refOf(volume), { metadata: { labels } }, { kind: 'merge' });
    await gone();
    await untouched();
  });

  it('waits for a target that is away, and for a store that is, and is done when they are back', async () => {
    const volume = await syncedVolume();
    await setup.target('default', store.url, { available: false });
    await eventually(() => setup.volumes.caches.targets.get(setup.namespace, 'default')?.status?.available === false);
    await remove(volume);
    await says(volume, 'Deleting', "BackupTarget 'default'");
    await untouched();
    const away = `${store.folder}.away`;
    await rename(store.folder, away);
    await setup.target('default', store.url);
    await eventually(async () => (await readyOf(volume))?.reason !== 'Deleting');
    await rm(store.folder, { recursive: true, force: true });
    await rename(away, store.folder);
    await gone();
    expect(await bytesOf(store)).to.deep.equal(withoutVolume());
  });

  it('waits for a finalizer of another on a Backup without end or harm', async () => {
    const volume = await syncedVolume();
    const [backup] = await setup.list<Backup>(resources.backups);
    const ref = { namespace: setup.namespace, name: backup?.metadata.name ?? '' };
    const finalizers = ['longhorn.io', 'example.com/keep'];
    const labels = { 'longhorn.io/delete-custom-resource-only': 'true' };
    await setup.kube.patch(resources.backups, ref, { metadata: { finalizers, labels } }, { kind: 'merge' });
    await setup.kube.delete(resources.backups, ref);
    await eventually(async () => {
      const found = await setup.get<Backup>(resources.backups, ref.name);
      return found?.metadata.finalizers?.join() === 'example.com/keep';
    });
    const spec = { syncRequestedAt: '2026-01-01T00:00:00.000001Z' };
    await setup.kube.patch(resources.backupVolumes, refOf(volume), { spec }, { kind: 'merge' });
    await says(volume, 'Syncing');
    await setup.kube.patch(resources.backups, ref, { metadata: { finalizers: null } }, { kind: 'merge' });
    await setup.settled();
    const after = await setup.get<Backup>(resources.backups, ref.name);
    expect(after?.status?.state).to.equal('Completed');
    await untouched();
  });
});
