import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Backup, type BackupVolume, encodeFirstListing, findCondition, resources, storeHash } from '@mooring/api';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/longhorn-store');
const FIXTURE_VOLUMES = ['pvc-16m', 'pvc-gzip', 'pvc-lz4', 'pvc-none', 'pvc-sf'];

async function golden(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(FIXTURE, 'golden', `${name}.stdout`), 'utf8')) as Record<string, unknown>;
}

describe('syncing the volumes of a store that Longhorn wrote', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;

  before(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.create();
    await cp(join(FIXTURE, 'store'), store.folder, { recursive: true });
    await setup.target('default', store.url);
    await Promise.all(FIXTURE_VOLUMES.map((name) => setup.volume(name)));
    await setup.settled();
  });

  after(() => setup.stop());

  it('makes one complete Backup of every backup, with the names of the store', async () => {
    const backups = await setup.list<Backup>(resources.backups);
    const names = backups.map(({ metadata }) => metadata.name).sort();
    expect(names).to.deep.equal([
      'backup-aaaaaaaaaaaa0001',
      'backup-aaaaaaaaaaaa0002',
      'backup-bbbbbbbbbbbb0001',
      'backup-c22d0bae6558436b',
      'backup-cccccccccccc0001',
      'backup-dddddddddddd0001',
      'backup-dddddddddddd0002',
    ]);
    for (const { status } of backups) {
      expect(status?.state).to.equal('Completed');
      expect(findCondition(status?.conditions, 'Ready')).to.include({ status: 'True', reason: 'Completed' });
    }
  });

  it('says of a volume what inspect-volume says', async () => {
    const [volume] = (await setup.list<BackupVolume>(resources.backupVolumes)).filter(
      ({ spec }) => spec.volumeName === 'pvc-lz4',
    );
    const info = await golden('inspect-volume-lz4');
    expect(volume?.status).to.include({
      size: info['Size'],
      createdAt: info['Created'],
      lastBackupName: info['LastBackupName'],
      lastBackupAt: info['LastBackupAt'],
      dataStored: info['DataStored'],
      backingImageName: '',
      storageClassName: '',
    });
    expect(volume?.status?.messages ?? {}).to.deep.equal({});
    expect(findCondition(volume?.status?.conditions, 'Ready')).to.include({ status: 'True', reason: 'Synced' });
  });

  it('says of a backup what inspect says', async () => {
    const backup = await setup.get<Backup>(resources.backups, 'backup-aaaaaaaaaaaa0001');
    const info = await golden('inspect-lz4-full');
    expect(backup?.status).to.deep.include({
      state: 'Completed',
      progress: 100,
      error: '',
      url: `${store.url}?backup=backup-aaaaaaaaaaaa0001&volume=pvc-lz4`,
      snapshotName: info['SnapshotName'],
      snapshotCreatedAt: info['SnapshotCreated'],
      backupCreatedAt: info['Created'],
      size: info['Size'],
      labels: info['Labels'],
      volumeName: info['VolumeName'],
      volumeSize: info['VolumeSize'],
      volumeCreated: info['VolumeCreated'],
      compressionMethod: 'lz4',
      newlyUploadDataSize: '2460423',
      reUploadedDataSize: '0',
      backupTargetName: 'default',
    });
    expect(backup?.spec.backupBlockSize).to.equal(undefined);
  });

  it('knows the block size of a backup of 16 MiB blocks', async () => {
    const backup = await setup.get<Backup>(resources.backups, 'backup-dddddddddddd0001');
    expect(backup?.spec.backupBlockSize).to.equal('16777216');
  });

  it('stamps every Backup with its place in the store, and owns it by its volume', async () => {
    const backup = await setup.get<Backup>(resources.backups, 'backup-aaaaaaaaaaaa0001');
    const volume = (await setup.list<BackupVolume>(resources.backupVolumes)).find(
      ({ spec }) => spec.volumeName === 'pvc-lz4',
    );
    expect(backup?.metadata.labels).to.deep.equal({ 'backup-target': 'default', 'backup-volume': 'pvc-lz4' });
    expect(backup?.metadata.annotations).to.include({
      'mooring.io/store-name': 'backup-aaaaaaaaaaaa0001',
      'mooring.io/store': storeHash({ url: store.url }),
      'mooring.io/target-uid': volume?.metadata.annotations?.['mooring.io/target-uid'],
    });
    expect(backup?.metadata.finalizers).to.deep.equal(['longhorn.io']);
    expect(backup?.metadata.ownerReferences).to.deep.equal([
      {
        apiVersion: 'longhorn.io/v1beta2',
        kind: 'BackupVolume',
        name: volume?.metadata.name,
        uid: volume?.metadata.uid,
      },
    ]);
  });

  it('costs one create and one status write a Backup, and one status write a volume', async () => {
    await setup.counts.reach('POST', 'backups', 7);
    await setup.counts.reach('PUT', 'backups/status', 7);
    await setup.counts.reach('PUT', 'backupvolumes/status', 5);
    await setup.counts.reach('PATCH', 'backups', 2); // the two of 16 MiB blocks
    expect(setup.counts.of('PATCH', 'backupvolumes')).to.equal(0);
  });

  it('writes nothing but the time of the sync when nothing changed', async () => {
    const before = await setup.list<Backup>(resources.backups);
    const [volume] = await setup.list<BackupVolume>(resources.backupVolumes);
    if (volume === undefined) throw new Error('there is no BackupVolume');
    setup.counts.reset();
    const after = await setup.sync(volume);
    expect({ ...after.status, lastSyncedAt: '', observedSyncRequestedAt: '', observedGeneration: 0 }).to.deep.equal({
      ...volume.status,
      lastSyncedAt: '',
      observedSyncRequestedAt: '',
      observedGeneration: 0,
    });
    await setup.counts.reach('PATCH', 'backupvolumes/status', 1);
    expect(setup.counts.of('PATCH', 'backups')).to.equal(0);
    const versions = (list: Backup[]): unknown[] => list.map(({ metadata }) => metadata.resourceVersion);
    expect(versions(await setup.list<Backup>(resources.backups))).to.deep.equal(versions(before));
  });

  it('brings back a Backup whose object alone a user deleted', async () => {
    const { namespace, kube } = setup;
    const name = 'backup-cccccccccccc0001';
    const before = await setup.get<Backup>(resources.backups, name);
    const labels = { 'longhorn.io/delete-custom-resource-only': 'true' };
    await kube.patch(resources.backups, { namespace, name }, { metadata: { labels } }, { kind: 'merge' });
    await kube.delete(resources.backups, { namespace, name });
    await eventually(async () => (await setup.get(resources.backups, name)) === undefined);
    const volume = (await setup.list<BackupVolume>(resources.backupVolumes)).find(
      ({ spec }) => spec.volumeName === 'pvc-none',
    );
    if (volume === undefined) throw new Error('there is no BackupVolume');
    await setup.sync(volume);
    await setup.settled();
    const after = await setup.get<Backup>(resources.backups, name);
    expect(after?.status?.state).to.equal('Completed');
    expect(after?.metadata.uid).to.not.equal(before?.metadata.uid);
  });
});

describe('the first sync of a volume whose listing was handed over', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;

  before(async () => {
    setup = await startVolumeSetup();
    const store = await FolderStore.fixture();
    await setup.target('default', store.url);
  });

  after(() => setup.stop());

  it('does not list the volume again, and a later sync does', async () => {
    const backup = { name: 'backup-aaaaaaaaaaaa0001', mtimeMs: Date.now() - 60_000, size: 1_000 };
    const listing = encodeFirstListing({ backups: [backup], configMtimeMs: backup.mtimeMs }, Date.now()) ?? '';
    const volume = await setup.volume('pvc-lz4', 'default', { 'mooring.io/first-listing': listing });
    await setup.settled();
    const handed = (await setup.list<Backup>(resources.backups)).map(({ metadata }) => metadata.name);
    expect(handed, 'what the listing named, and not what is in the store').to.deep.equal([backup.name]);
    await setup.sync(volume);
    await setup.settled();
    const names = (await setup.list<Backup>(resources.backups)).map(({ metadata }) => metadata.name);
    expect(names).to.deep.equal([backup.name, 'backup-aaaaaaaaaaaa0002']);
  });

  it('lists the volume when the listing is old', async () => {
    const empty = { backups: [], configMtimeMs: 1 };
    const listing = encodeFirstListing(empty, Date.now() - 3_600_000) ?? '';
    await setup.volume('pvc-none', 'default', { 'mooring.io/first-listing': listing });
    await setup.settled();
    const names = (await setup.list<Backup>(resources.backups)).map(({ metadata }) => metadata.name);
    expect(names).to.include('backup-cccccccccccc0001');
  });
});
