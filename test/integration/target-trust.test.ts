import { expect } from 'chai';
import { type BackupTarget, type BackupVolume, findCondition, resources } from '@mooring/api';
import { eventually } from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from './folder-store.ts';
import { createTargetSetup, readyOf, type TargetSetup } from './target-setup.ts';

const MARKER = 'backupstore/mooring.json';

describe('target-controller believes a store', function () {
  this.timeout(60_000);
  let setup: TargetSetup;
  let store: FolderStore;

  beforeEach(async () => {
    setup = await createTargetSetup();
    store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('t', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.ready('t', 'True');
  });

  afterEach(async () => {
    await setup.stop();
  });

  const requestSync = (): Promise<BackupTarget> =>
    setup.patchTarget('t', { spec: { syncRequestedAt: new Date().toISOString() } });

  const confirm = async (): Promise<void> => {
    const target = await setup.get<BackupTarget>(resources.backupTargets, 't');
    const annotations = { 'mooring.io/confirm-empty': target?.status?.lastSyncedAt };
    await setup.patchTarget('t', { metadata: { annotations } });
  };

  it('that is empty and has our marker', async () => {
    await store.remove('backupstore/volumes');
    await setup.sync('t');
    expect(await setup.volumes('t')).to.deep.equal([]);
  });

  it('that lost everything only when the user confirms it', async () => {
    await store.remove('backupstore');
    await requestSync();
    const doubted = await setup.ready('t', 'False', 'StoreMarkerMissing');
    expect(doubted.status?.available).to.equal(true);
    expect(findCondition(doubted.status?.conditions, 'StoreMarkerMissing')?.status).to.equal('True');
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
    expect(await setup.list(resources.backupBackingImages)).to.have.length(2);
    await eventually(async () => (await setup.reasons('t')).includes('StoreMarkerMissing'));

    await confirm();
    const believed = await setup.ready('t', 'True');
    expect(findCondition(believed.status?.conditions, 'StoreMarkerMissing')).to.equal(undefined);
    expect(await setup.volumes('t')).to.deep.equal([]);
    expect(believed.status?.storeID).to.not.equal(doubted.status?.storeID);
  });

  it('whose marker alone was lost, and gives it back its ID', async () => {
    const before = await setup.get<BackupTarget>(resources.backupTargets, 't');
    await store.remove(MARKER);
    await store.remove('backupstore/volumes/cb/a4/pvc-sf');
    const after = await setup.sync('t');
    expect(after.status?.storeID).to.equal(before?.status?.storeID);
    expect(await setup.volumes('t')).to.not.include('pvc-sf');
  });

  it('never when another one answers under its URL, until the user confirms', async () => {
    await store.write(MARKER, JSON.stringify({ storeID: 'another', createdAt: '2026-01-01T00:00:00Z' }));
    await store.remove('backupstore/volumes/cb/a4/pvc-sf');
    await requestSync();
    await setup.ready('t', 'False', 'StoreReplaced');
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
    await confirm();
    const target = await setup.ready('t', 'True');
    expect(target.status?.storeID).to.equal('another');
    expect(await setup.volumes('t')).to.not.include('pvc-sf');
    expect(findCondition(target.status?.conditions, 'StoreReplaced')).to.equal(undefined);
  });

  it('under a new URL at once, and stamps what is in both', async () => {
    const [before] = await setup.list<BackupVolume>(resources.backupVolumes);
    const other = await FolderStore.fixture();
    await other.remove('backupstore/volumes/ff');
    await setup.patchTarget('t', { spec: { backupTargetURL: other.url } });
    await eventually(async () => !(await setup.volumes('t')).includes('pvc-lz4'));
    await setup.ready('t', 'True');
    const volumes = await setup.list<BackupVolume>(resources.backupVolumes);
    const stores = new Set(volumes.map(({ metadata }) => metadata.annotations?.['mooring.io/store']));
    expect(stores.size).to.equal(1);
    expect(stores.has(before?.metadata.annotations?.['mooring.io/store'])).to.equal(false);
  });

  it('no more when the URL is emptied: its objects go, and come back with the URL', async () => {
    await setup.patchTarget('t', { spec: { backupTargetURL: '' } });
    const emptied = await setup.ready('t', 'False', 'URLEmpty');
    expect(emptied.status).to.include({ available: false, storeID: '' });
    expect(emptied.status?.lastSyncedAt ?? null).to.equal(null);
    expect(findCondition(emptied.status?.conditions, 'Unavailable')).to.include({
      status: 'True',
      message: 'backup target URL is empty',
    });
    await eventually(async () => (await setup.list(resources.backupVolumes)).length === 0);
    expect(readyOf(emptied)?.message).to.contain('set spec.backupTargetURL');
    await setup.patchTarget('t', { spec: { backupTargetURL: store.url } });
    await setup.ready('t', 'True');
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
  });
});
