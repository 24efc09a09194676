import { expect } from 'chai';
import { type Backup, type BackupVolume, findCondition, resources } from '@mooring/api';
import { backupConfigKey, type ObjectStore, openStore, volumeConfigKey } from '@mooring/backupstore';
import { coreResources } from '@mooring/runtime';
import { eventually, type FaultProxy, sharedS3, startFaultProxy } from '@mooring/testing';
import { backupConfigBody, FolderStore, volumeConfigBody } from '../integration/folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from '../integration/volume-setup.ts';

const VOLUMES = 4;

describe('a store that misbehaves while its volumes are synced', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let proxy: FaultProxy;
  let direct: ObjectStore;
  let url: string;

  beforeEach(async () => {
    setup = await startVolumeSetup();
    const server = await sharedS3();
    const bucket = `faults-${setup.namespace}`;
    await server.createBucket(bucket);
    proxy = await startFaultProxy({ target: server.endpoint });
    url = `s3://${bucket}@us-east-1/`;
    const keys = { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey };
    direct = await openStore({ url, credentials: { ...keys, AWS_ENDPOINTS: server.endpoint } });
    for (let index = 0; index < VOLUMES; index++) {
      const [volume, backup] = [`pvc-${String(index)}`, `backup-${String(index)}`];
      await direct.put({ key: volumeConfigKey(volume), body: volumeConfigBody(volume) });
      await direct.put({ key: backupConfigKey(volume, backup), body: backupConfigBody({ volume, backup }) });
    }
    const data = Object.fromEntries(
      Object.entries({ ...keys, AWS_ENDPOINTS: proxy.url }).map(([key, value]) => [key, btoa(value)]),
    );
    const metadata = { namespace: setup.namespace, name: 'keys' };
    await setup.kube.create(coreResources.secrets, Object.assign({ metadata }, { data }));
    await setup.target('default', url, { secret: 'keys' });
  });

  afterEach(async () => {
    await setup.stop();
    direct.close();
    await proxy.stop();
  });

  const createVolumes = async (): Promise<BackupVolume[]> =>
    Promise.all(Array.from({ length: VOLUMES }, (_, index) => setup.volume(`pvc-${String(index)}`)));

  const allComplete = async (): Promise<void> => {
    await eventually(
      async () => {
        const backups = await setup.list<Backup>(resources.backups);
        return backups.length === VOLUMES && backups.every(({ status }) => status?.state === 'Completed');
      },
      { timeoutMs: 30_000, what: 'all Backups are complete' },
    );
  };

  it('a storm of 503 delays the sync and spoils nothing', async () => {
    proxy.failNext(9, { status: 503 }); // the breaker opens at 8, and its first probe fails too
    await createVolumes();
    await allComplete();
    const volumes = await setup.list<BackupVolume>(resources.backupVolumes);
    expect(volumes.map(({ status }) => findCondition(status?.conditions, 'Ready')?.status)).to.deep.equal(
      volumes.map(() => 'True'),
    );
  });

  it('connections that are reset in the middle delay the sync and spoil nothing', async () => {
    const heal = proxy.reset({ times: 6 });
    await createVolumes();
    await allComplete();
    heal();
  });

  it('a store that hangs holds up neither another target nor a deletion', async () => {
    proxy.hang();
    const [first] = await createVolumes();
    const healthy = await FolderStore.create();
    await healthy.volume('pvc-healthy');
    await healthy.backup({ volume: 'pvc-healthy', backup: 'backup-healthy' });
    await setup.target('healthy', healthy.url);
    await setup.volume('pvc-healthy', 'healthy');
    await eventually(async () => {
      const backup = await setup.get<Backup>(resources.backups, 'backup-healthy');
      return backup?.status?.state === 'Completed';
    });
    const hanging = await setup.get<BackupVolume>(resources.backupVolumes, first?.metadata.name ?? '');
    expect(hanging?.status, 'no write for what the target itself tells').to.equal(undefined);
    await setup.volume('pvc-other');
    await setup.target('default', url, { secret: 'keys', available: false });
    const name = 'pvc-healthy';
    const [volume] = (await setup.list<BackupVolume>(resources.backupVolumes)).filter(
      ({ spec }) => spec.volumeName === name,
    );
    await setup.kube.delete(resources.backupVolumes, {
      namespace: setup.namespace,
      name: volume?.metadata.name ?? '',
    });
    await eventually(async () => (await setup.get(resources.backups, 'backup-healthy')) === undefined);
  });

  it('credentials that stop working leave every object as it was', async () => {
    await createVolumes();
    await allComplete();
    const before = await setup.list<Backup>(resources.backups);
    proxy.failNext(1000, {
      status: 403,
      body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
    });
    const [volume] = await setup.list<BackupVolume>(resources.backupVolumes);
    const ref = { namespace: setup.namespace, name: volume?.metadata.name ?? '' };
    const spec = { syncRequestedAt: new Date().toISOString() };
    await setup.kube.patch(resources.backupVolumes, ref, { spec }, { kind: 'merge' });
    await eventually(async () => {
      const seen = await setup.get<BackupVolume>(resources.backupVolumes, ref.name);
      return findCondition(seen?.status?.conditions, 'Ready')?.reason === 'AccessDenied';
    });
    const after = await setup.list<Backup>(resources.backups);
    expect(after.map(({ metadata }) => metadata.resourceVersion)).to.deep.equal(
      before.map(({ metadata }) => metadata.resourceVersion),
    );
  });
});
