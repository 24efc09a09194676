import { expect } from 'chai';
import {
  type BackupBackingImage,
  type BackupTarget,
  type BackupVolume,
  backupVolumeName,
  findCondition,
  resources,
  type SystemBackup,
} from '@mooring/api';
import { eventually } from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from './folder-store.ts';
import { createTargetSetup, type TargetSetup } from './target-setup.ts';

describe('target-controller syncs a store', function () {
  this.timeout(60_000);
  let setup: TargetSetup;

  beforeEach(async () => {
    setup = await createTargetSetup();
  });

  afterEach(async () => {
    await setup.stop();
  });

  it('mirrors a store that Longhorn wrote', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('fixture', { backupTargetURL: store.url, pollInterval: '0s' });
    const target = await setup.ready('fixture', 'True', 'Synced');

    expect(target.status?.available).to.equal(true);
    expect(target.status?.storeID).to.match(/^[0-9a-f-]{36}$/);
    expect(target.status?.observedGeneration).to.equal(target.metadata.generation);
    expect(target.metadata.finalizers).to.deep.equal(['longhorn.io']);
    expect(findCondition(target.status?.conditions, 'Unavailable')).to.include({
      status: 'False',
      reason: '',
      message: '',
    });
    expect(await setup.volumes('fixture')).to.deep.equal(FIXTURE_VOLUMES);
  });

  it('stamps what it creates', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('fixture', { backupTargetURL: store.url, pollInterval: '0s' });
    const target = await setup.ready('fixture', 'True');
    const name = backupVolumeName('pvc-lz4', 'fixture');
    const volume = await setup.get<BackupVolume>(resources.backupVolumes, name);
    expect(volume?.metadata.labels).to.deep.equal({ 'backup-target': 'fixture', 'backup-volume': 'pvc-lz4' });
    expect(volume?.metadata.annotations).to.include({
      'mooring.io/target-uid': target.metadata.uid,
      'mooring.io/store-name': 'pvc-lz4',
    });
    expect(volume?.metadata.annotations?.['mooring.io/store']).to.match(/^[0-9a-f]{16}$/);
    expect(volume?.metadata.annotations?.['mooring.io/fingerprint']).to.not.be.undefined;
    expect(volume?.metadata.finalizers).to.deep.equal(['longhorn.io']);
    expect(volume?.metadata.ownerReferences).to.deep.equal([
      { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', name: 'fixture', uid: target.metadata.uid },
    ]);
  });

  it('mirrors backing images and system backups with their status', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('other', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.ready('other', 'True');
    const images = await setup.list<BackupBackingImage>(resources.backupBackingImages);
    expect(images.map(({ spec }) => spec.backingImage).sort()).to.deep.equal(['odd-bi', 'ubuntu-bi']);
    const odd = images.find(({ spec }) => spec.backingImage === 'odd-bi');
    expect(odd?.status).to.include({
      state: 'Completed',
      size: 3_000_000,
      progress: 100,
      compressionMethod: 'gzip',
      secret: 's1',
    });
    expect(odd?.status?.url).to.equal(`${store.url}?backingImage=odd-bi`);
    expect(odd?.spec.userCreated).to.equal(false);

    const demo = await setup.get<SystemBackup>(resources.systemBackups, 'demo');
    expect(demo?.status).to.include({ version: 'v1.4.0', state: 'Ready' });
    expect(demo?.status?.createdAt).to.not.equal(null);
  });

  it('writes nothing but lastSyncedAt when nothing changed', async () => {
    const store = await FolderStore.fixture();
    const { controller } = await setup.start();
    await setup.createTarget('idle', { backupTargetURL: store.url, pollInterval: '0s' });
    const before = await setup.ready('idle', 'True');
    await eventually(() => controller.caches.volumes.size === FIXTURE_VOLUMES.length);
    await setBackupCounts(setup, before);
    await setup.sync('idle');
    setup.counts.reset();
    const after = await setup.sync('idle');
    await eventually(() => expect(setup.counts.writes()).to.deep.equal({ 'PATCH backuptargets/status': 1 }));
    const { lastSyncedAt } = after.status ?? {};
    expect(lastSyncedAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const observedSyncRequestedAt = after.spec.syncRequestedAt;
    const observedGeneration = after.metadata.generation;
    expect(after.status).to.deep.equal({ ...before.status, lastSyncedAt, observedSyncRequestedAt, observedGeneration });
  });

  it('polls every second when that is the interval', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('often', { backupTargetURL: store.url, pollInterval: '1s' });
    const first = await setup.ready('often', 'True');
    await eventually(async () => {
      const now = await setup.get<BackupTarget>(resources.backupTargets, 'often');
      return now?.status?.lastSyncedAt !== first.status?.lastSyncedAt;
    });
  });

  it('removes the object of a volume that is gone, and creates one for a new volume', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('moving', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.ready('moving', 'True');
    await store.remove('backupstore/volumes/cb/a4/pvc-sf');
    await setup.sync('moving');
    expect(await setup.volumes('moving')).to.deep.equal(FIXTURE_VOLUMES.filter((name) => name !== 'pvc-sf'));
  });

  it('asks for a sync of exactly the volume that changed', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    const target = await setup.createTarget('change', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.ready('change', 'True');
    await setBackupCounts(setup, target);
    await setup.sync('change');
    await store.write('backupstore/volumes/ff/06/pvc-lz4/backups/backup_backup-new.cfg', '{}');
    setup.counts.reset();
    await setup.sync('change');
    await eventually(() =>
      expect(setup.counts.writes()).to.deep.equal({ 'PATCH backupvolumes': 1, 'PATCH backuptargets/status': 1 }),
    );
    const name = backupVolumeName('pvc-lz4', 'change');
    const volume = await setup.get<BackupVolume>(resources.backupVolumes, name);
    expect(volume?.spec.syncRequestedAt).to.be.a('string');
  });
});

/** Makes each BackupVolume look as volume-controller leaves it, with one Backup for each backup in the store. */
async function setBackupCounts(setup: TargetSetup, target: BackupTarget): Promise<void> {
  const backups: Record<string, string[]> = {
    'pvc-16m': ['a1', 'a2'],
    'pvc-gzip': ['b1'],
    'pvc-lz4': ['c1', 'c2'],
    'pvc-none': ['d1'],
    'pvc-sf': ['e1'],
  };
  const { namespace, kube } = setup;
  const name = target.metadata.name;
  for (const [volume, names] of Object.entries(backups)) {
    for (const backup of names) {
      const labels = { 'backup-target': name, 'backup-volume': volume };
      const metadata = { namespace, name: backup, labels };
      await kube.create(resources.backups, {
        apiVersion: 'longhorn.io/v1beta2',
        kind: 'Backup',
        metadata,
        spec: { snapshotName: '' },
      });
    }
    const ref = { namespace, name: backupVolumeName(volume, name), subresource: 'status' };
    await kube.patch(
      resources.backupVolumes,
      ref,
      { status: { lastSyncedAt: '2026-01-01T00:00:00Z' } },
      { kind: 'merge' },
    );
  }
}
