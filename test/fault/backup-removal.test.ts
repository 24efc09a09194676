import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  API_VERSION,
  type Backup,
  type BackupTarget,
  type BackupVolume,
  findCondition,
  LABEL_DELETE_CR_ONLY,
  resources,
} from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import {
  applyObjects,
  type ControlPlane,
  eventually,
  readCrds,
  startControlPlane,
  temporaryFolder,
} from '@mooring/testing';
import { expect } from 'chai';
import { FolderStore } from '../integration/folder-store.ts';
import { type HouseOptions, type HouseSetup, startHouseSetup } from '../integration/house-setup.ts';
import { bytesOf } from './store-bytes.ts';

const LONG = { timeoutMs: 30_000 };

describe('a Backup that is deleted', function () {
  this.timeout(180_000);
  let house: HouseSetup;
  let store: FolderStore;
  let bytes: string[];

  const readyOf = (object: Backup | BackupTarget) => findCondition(object.status?.conditions, 'Ready');
  const remove = (name: string) => house.remove(resources.backups, name);
  const ref = (name: string) => ({ namespace: house.namespace, name });
  const reasonIs = (name: string, reason: string) =>
    house.until<Backup>(resources.backups, name, (object) => readyOf(object)?.reason === reason);
  const isReady = (target: BackupTarget) => readyOf(target)?.status === 'True';
  const setUrl = (backupTargetURL: string) =>
    house.kube.patch(resources.backupTargets, ref('t'), { spec: { backupTargetURL } }, { kind: 'merge' });

  const createTarget = (url: string) =>
    house.create('BackupTarget', 't', { spec: { backupTargetURL: url, pollInterval: '0s' } });

  /** All that the fixture holds is there as objects; gives the two backups of one volume. */
  async function begin(options: HouseOptions = {}): Promise<{ first: string; second: string }> {
    house = await startHouseSetup({ withBackups: false, ...options });
    store = await FolderStore.fixture();
    bytes = await bytesOf(store.folder);
    await createTarget(store.url);
    await house.until<BackupTarget>(resources.backupTargets, 't', isReady);
    await house.startBackups().then(async (running) => {
      await synced();
      await running.stop();
    });
    const names = (await house.list<Backup>(resources.backups))
      .filter(({ metadata }) => metadata.labels?.['backup-volume'] === 'pvc-lz4')
      .map(({ metadata }) => metadata.name);
    const [first = '', second = ''] = names;
    return { first, second };
  }

  const synced = () =>
    eventually(async () => {
      const volumes = await house.list<BackupVolume>(resources.backupVolumes);
      const backups = await house.list<Backup>(resources.backups);
      const isSynced = (object: Backup | BackupVolume) => Boolean(object.status?.lastSyncedAt);
      return volumes.length === 5 && backups.length > 5 && [...volumes, ...backups].every(isSynced);
    }, LONG);

  afterEach(() => house.stop());

  it('waits with a reason while its store is away, and is removed when it is back', async () => {
    const { first } = await begin();
    await rename(store.folder, `${store.folder}.away`);
    await house.startBackups();
    await remove(first);
    const waiting = await house.until<Backup>(
      resources.backups,
      first,
      ({ status }) => status?.state === 'Deleting' && Boolean(status.messages?.['error']),
    );
    expect(readyOf(waiting)?.status).to.equal('False');
    await rename(`${store.folder}.away`, store.folder);
    await house.gone(resources.backups, first);
    const left = await bytesOf(store.folder);
    expect(left.some((line) => line.includes(`backup_${first}.cfg`))).to.equal(false);
    expect(left.length).to.be.lessThan(bytes.length);
  });

  it('removes nothing from another store that was put under the URL', async () => {
    const { first } = await begin();
    await rename(store.folder, `${store.folder}.away`);
    await cp(`${store.folder}.away`, store.folder, { recursive: true });
    await rm(join(store.folder, 'backupstore/mooring.json'));
    const other = await bytesOf(store.folder);
    await house.startBackups();
    await remove(first);
    await reasonIs(first, 'StoreChanged');
    expect(await bytesOf(store.folder)).to.deep.equal(other);
    expect(await bytesOf(`${store.folder}.away`)).to.deep.equal(bytes);
  });

  it('says StoreChanged after the URL was edited, and goes on once the old one is back', async () => {
    const { first } = await begin();
    const other = await FolderStore.fixture();
    await rm(join(other.folder, 'backupstore/mooring.json'), { force: true });
    await house.startBackups();
    // No sync of the new store: its listing would tidy the object up, which is another story.
    await house.kube.patch(
      resources.backupTargets,
      ref('t'),
      { metadata: { finalizers: ['x/hold'] } },
      { kind: 'merge' },
    );
    await setUrl(`${other.url}/`);
    await setUrl(other.url);
    await remove(first);
    await reasonIs(first, 'StoreChanged');
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
    expect((await bytesOf(other.folder)).length).to.equal(bytes.length);
    await setUrl(store.url);
    await house.gone(resources.backups, first);
    expect((await bytesOf(other.folder)).length).to.equal(bytes.length);
  });

  it('goes alone with the label, though its store is away', async () => {
    const { first } = await begin();
    await rename(store.folder, `${store.folder}.away`);
    await house.startBackups();
    await remove(first);
    const patch = { metadata: { labels: { [LABEL_DELETE_CR_ONLY]: 'true' } } };
    await house.kube.patch(resources.backups, ref(first), patch, { kind: 'merge' });
    await house.gone(resources.backups, first);
    expect(await bytesOf(`${store.folder}.away`)).to.deep.equal(bytes);
  });

  it('leaves every byte when its target goes, and when that is made anew', async () => {
    const { first } = await begin();
    await house.startBackups();
    await house.remove(resources.backupTargets, 't');
    await house.gone(resources.backups, first);
    await house.gone(resources.backupTargets, 't');
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
    await createTarget(store.url);
    await synced();
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
  });

  it('leaves every byte when the namespace goes', async () => {
    await begin();
    await house.startBackups();
    await house.kube.delete(coreResources.namespaces, { name: house.namespace });
    await eventually(async () => (await house.list(resources.backups)).length === 0, LONG);
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
  });

  it('is removed to the end, wherever backup-controller is killed', async () => {
    const { first, second } = await begin();
    await remove(first);
    for (let writes = 0; ; writes++) {
      const running = await house.startBackups(writes);
      await eventually(async () => running.isDead() || (await house.get(resources.backups, first)) === undefined, LONG);
      const isDead = running.isDead();
      await running.stop();
      if (!isDead) break;
      expect(writes).to.be.lessThan(10);
    }
    const left = await bytesOf(store.folder);
    expect(left.some((line) => line.includes(`backup_${first}.cfg`))).to.equal(false);
    expect(left.some((line) => line.includes(`backup_${second}.cfg`))).to.equal(true);
  });

  describe('with its CustomResourceDefinition', () => {
    let controlPlane: ControlPlane;

    before(async () => {
      controlPlane = await startControlPlane({ dataDir: await temporaryFolder('removal-crds') });
      await applyObjects(controlPlane.api, await readCrds());
      await applyObjects(controlPlane.api, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'objects' } }]);
    });
    after(() => controlPlane.stop());

    it('leaves every byte', async () => {
      await begin({ controlPlane, namespace: 'objects' });
      await house.startBackups();
      const { plural, group } = resources.backups;
      await house.kube.delete(coreResources.customResourceDefinitions, { name: `${plural}.${group}` });
      await eventually(async () => {
        const { items } = await house.kube.list<{ metadata: { name: string } }>(
          coreResources.customResourceDefinitions,
        );
        return items.every(({ metadata }) => metadata.name !== `${plural}.${group}`);
      }, LONG);
      expect(await bytesOf(store.folder)).to.deep.equal(bytes);
      expect(API_VERSION).to.contain(group);
    });
  });
});
