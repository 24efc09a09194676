import { expect } from 'chai';
import { type Backup, type BackupVolume, findCondition, resources } from '@mooring/api';
import { backupConfigKey, openStore, volumeConfigKey } from '@mooring/backupstore';
import { coreResources } from '@mooring/runtime';
import { eventually, sharedS3 } from '@mooring/testing';
import { backupConfigBody, FolderStore, volumeConfigBody } from './folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

describe('targets that come and go', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;

  before(async () => {
    setup = await startVolumeSetup();
  });

  after(() => setup.stop());

  async function storeWith(volume: string): Promise<FolderStore> {
    const store = await FolderStore.create();
    await store.volume(volume);
    await store.backup({ volume, backup: `${volume}-backup` });
    return store;
  }

  const statusOf = async (volume: BackupVolume): Promise<BackupVolume['status']> =>
    (await setup.get<BackupVolume>(resources.backupVolumes, volume.metadata.name))?.status;

  it('an unavailable target is not asked, its objects stay, and it syncs by itself when it is back', async () => {
    const store = await storeWith('pvc-away');
    await setup.target('away', store.url, { available: false });
    const volume = await setup.volume('pvc-away', 'away');
    await eventually(() => setup.volumes.caches.volumes.get(setup.namespace, volume.metadata.name) !== undefined);
    await eventually(() => setup.volumes.load.ready + setup.volumes.load.running === 0);
    expect(await statusOf(volume)).to.equal(undefined);
    await setup.target('away', store.url, { available: true });
    await setup.settled();
    await setup.target('away', store.url, { available: false });
    const backup = await setup.get<Backup>(resources.backups, 'pvc-away-backup');
    expect(backup?.status?.state).to.equal('Completed');
  });

  it('a target whose Secret is missing says so on the volume, and syncs when the Secret comes', async () => {
    const server = await sharedS3();
    const { endpoint, accessKey, secretKey } = server;
    const bucket = `volume-${setup.namespace}`;
    await server.createBucket(bucket);
    const url = `s3://${bucket}@us-east-1/`;
    const credentials = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINTS: endpoint };
    const store = await openStore({ url, credentials, allowedSchemes: ['s3'] });
    await store.put({ key: volumeConfigKey('pvc-s3'), body: volumeConfigBody('pvc-s3') });
    for (let index = 0; index < 20; index++) {
      const names = { volume: 'pvc-s3', backup: `s3-backup-${String(index)}` };
      await store.put({ key: backupConfigKey(names.volume, names.backup), body: backupConfigBody(names) });
    }
    await setup.target('bucket', url, { secret: 's3-secret' });
    const volume = await setup.volume('pvc-s3', 'bucket');
    await eventually(async () => {
      const ready = findCondition((await statusOf(volume))?.conditions, 'Ready');
      return ready?.status === 'False' && ready.reason === 'SecretNotFound';
    });
    const data = Object.fromEntries(Object.entries(credentials).map(([key, value]) => [key, btoa(value)]));
    const metadata = { namespace: setup.namespace, name: 's3-secret' };
    await setup.kube.create(coreResources.secrets, Object.assign({ metadata }, { data }));
    await setup.settled();
    const backups = (await setup.list<Backup>(resources.backups)).filter(
      ({ status }) => status?.backupTargetName === 'bucket',
    );
    expect(backups).to.have.length(20);
    expect(backups.every(({ status }) => status?.state === 'Completed')).to.equal(true);
    const [first] = backups;
    const etag = first?.metadata.annotations?.['mooring.io/config-etag'];
    expect(etag, 'the ETag of a real S3 server').to.match(/^[0-9a-f]{32}$/);
    store.close();
  });

  it('a changed config in a bucket is read again, an unchanged one is not', async () => {
    const { endpoint, accessKey, secretKey } = await sharedS3();
    const url = `s3://volume-${setup.namespace}@us-east-1/`;
    const credentials = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINTS: endpoint };
    const store = await openStore({ url, credentials, allowedSchemes: ['s3'] });
    const names = { volume: 'pvc-s3', backup: 's3-backup-7' };
    const body = backupConfigBody({ ...names, labels: { changed: 'yes' } });
    await store.put({ key: backupConfigKey(names.volume, names.backup), body });
    const volume = (await setup.list<BackupVolume>(resources.backupVolumes)).find(
      ({ spec }) => spec.volumeName === 'pvc-s3',
    );
    if (volume === undefined) throw new Error('there is no BackupVolume');
    setup.counts.reset();
    await setup.sync(volume);
    await setup.settled();
    const backup = await setup.get<Backup>(resources.backups, names.backup);
    expect(backup?.status?.labels).to.deep.equal({ changed: 'yes' });
    await setup.counts.reach('PATCH', 'backups', 1);
    await setup.counts.reach('PATCH', 'backups/status', 1);
    store.close();
  });
});
