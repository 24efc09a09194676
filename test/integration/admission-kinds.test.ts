import { expect } from 'chai';
import { collidingBackupName } from '@mooring/api';
import { eventually } from '@mooring/testing';
import type { KubeManifest } from '@mooring/testing';
import { OBJECTS, manifest, refusal, startWebhooks } from './admission-cluster.ts';
import type { AdmissionCluster, RunningWebhooks } from './admission-cluster.ts';

/** Path of the store's URL of a backup, as `Backup.status.url` has it. */
const FROM_BACKUP = 's3://store@us-east-1/?backup=backup-1&volume=data';

describe('admission of each kind on a real API server', function () {
  this.timeout(60_000);
  let webhooks: RunningWebhooks;
  let cluster: AdmissionCluster;

  before(async () => {
    webhooks = await startWebhooks();
    cluster = webhooks.cluster;
    await create(
      'backuptargets',
      manifest('BackupTarget', 'store', { spec: { backupTargetURL: 's3://store@us-east-1/' } }),
    );
    await patch('backuptargets', 'store/status', { status: { available: true } });
    await create(
      'backupvolumes',
      manifest('BackupVolume', 'data-volume', { spec: { backupTargetName: 'store', volumeName: 'data' } }),
    );
    await patch('backupvolumes', 'data-volume/status', { status: { size: '8388608' } });
    const labels = { 'backup-target': 'store', 'backup-volume': 'data' };
    await create('backups', {
      ...manifest('Backup', 'backup-1', { spec: {} }),
      metadata: { name: 'backup-1', labels },
    });
    await patch('backups', 'backup-1/status', {
      status: {
        state: 'Completed',
        volumeSize: '8388608',
        backupTargetName: 'store',
        labels: { 'longhorn.io/volume-access-mode': 'rwx' },
      },
    });
  });
  after(() => webhooks.stop());

  function create(plural: string, body: object): Promise<KubeManifest> {
    return cluster.admin.request({ method: 'POST', path: cluster.path(plural), body });
  }
  function patch(plural: string, name: string, body: object): Promise<KubeManifest> {
    return cluster.admin.request({
      method: 'PATCH',
      path: cluster.path(plural, name),
      contentType: 'application/merge-patch+json',
      body,
    });
  }

  it('completes a Volume that is restored from a backup', async () => {
    const { metadata, spec } = (await create(
      'volumes',
      manifest('Volume', 'restored', { spec: { fromBackup: FROM_BACKUP, size: '1' } }),
    )) as KubeManifest & { spec: Record<string, unknown> };
    expect(spec).to.include({
      accessMode: 'rwx',
      backupTargetName: 'store',
      size: '8388608',
      backupCompressionMethod: 'lz4',
      restoreVolumeRecurringJob: 'ignored',
    });
    expect(metadata.labels).to.include({ 'backup-target': 'store', 'backup-volume': 'data' });
  });

  it('finds a Backup whose name was taken, and a backup volume under a name of Longhorn’s past', async () => {
    const name = collidingBackupName('backup-1', 'other', 'store');
    const labels = { 'backup-target': 'store', 'backup-volume': 'other' };
    const annotations = { 'mooring.io/store-name': 'backup-1' };
    const volume = { spec: { backupTargetName: 'store', volumeName: 'other' } };
    await create('backupvolumes', manifest('BackupVolume', 'bv-1f2e3d', volume));
    await create('backups', { ...manifest('Backup', name, { spec: {} }), metadata: { name, labels, annotations } });
    await patch('backups', `${name}/status`, { status: { volumeSize: '4194304', backupTargetName: 'store' } });
    const fromBackup = FROM_BACKUP.replace('data', 'other');
    const restored = await create('volumes', manifest('Volume', 'restored-other', { spec: { fromBackup } }));
    expect(restored['spec']).to.include({ size: '4194304', backupTargetName: 'store' });
  });

  it('completes a RecurringJob', async () => {
    const { spec } = (await create(
      'recurringjobs',
      manifest('RecurringJob', 'nightly', { spec: { cron: '0 2 * * *', task: 'backup' } }),
    )) as KubeManifest & { spec: Record<string, unknown> };
    expect(spec).to.deep.include({ name: 'nightly', concurrency: 10, retain: 1, groups: [], labels: {} });
  });

  it('completes a SystemBackup’s owner and policy, once there is a default target', async () => {
    await create(
      'backuptargets',
      manifest('BackupTarget', 'default', {
        spec: { backupTargetURL: 's3://default@us-east-1/', credentialSecret: 'any' },
      }),
    );
    await patch('backuptargets', 'default/status', { status: { available: true } });
    const system = await eventually(() => create('systembackups', manifest('SystemBackup', 'system-1', { spec: {} })));
    expect(system['spec']).to.include({ volumeBackupPolicy: 'if-not-present' });
    expect(system.metadata['ownerReferences']).to.have.nested.property('[0].name', 'default');
  });

  it('completes a BackupBackingImage', async () => {
    const image = await eventually(() =>
      create(
        'backupbackingimages',
        manifest('BackupBackingImage', 'image-1', {
          spec: { backingImage: 'parrot', userCreated: true, backupTargetName: 'store' },
        }),
      ),
    );
    expect(image.metadata.labels).to.include({ 'backup-target': 'store', 'backing-image': 'parrot' });
    const { text } = await refusal(
      create(
        'backupbackingimages',
        manifest('BackupBackingImage', 'image-2', {
          spec: { backingImage: 'parrot', userCreated: true, backupTargetName: 'store' },
        }),
      ),
    );
    expect(text).to.include('already exists');
  });

  it('ties a Snapshot to its Volume, for good', async () => {
    const snapshot = await create('snapshots', manifest('Snapshot', 'snap-1', { spec: { volume: 'restored' } }));
    expect(snapshot.metadata.labels).to.include({ longhornvolume: 'restored' });
    expect(snapshot.metadata['ownerReferences']).to.have.nested.property('[0].name', 'restored');
    const { status, text } = await refusal(patch('snapshots', 'snap-1', { spec: { volume: 'other' } }));
    expect(status).to.equal(422);
    expect(text).to.include('spec.volume');
  });

  it('keeps the store of a target under its standby volumes, but not its credentials', async () => {
    await create('volumes', manifest('Volume', 'follower', { spec: { fromBackup: FROM_BACKUP, Standby: true } }));
    // Dry runs: one that comes before the webhook knows of the follower must not move the store.
    const move = {
      method: 'PATCH',
      path: `${cluster.path('backuptargets', 'store')}?dryRun=All`,
      body: { spec: { backupTargetURL: 's3://moved@us-east-1/' } },
      contentType: 'application/merge-patch+json',
    } as const;
    await eventually(async () => {
      const { text } = await refusal(cluster.admin.request(move));
      expect(text).to.include('cannot modify BackupTarget since there are existing standby volumes: {follower}');
    });
    await patch('backuptargets', 'store', { spec: { credentialSecret: 'other' } });
    const { status } = await refusal(
      cluster.admin.request({ method: 'DELETE', path: cluster.path('backuptargets', 'store') }),
    );
    expect(status).to.equal(403);
  });

  it('finds white space in a credential before it costs a day', async () => {
    await cluster.admin.request({
      method: 'POST',
      path: `/api/v1/namespaces/${OBJECTS}/secrets`,
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'spaced' },
        stringData: { AWS_ACCESS_KEY_ID: 'key\n' },
      },
    });
    const spec = { backupTargetURL: 's3://spaced@us-east-1/', credentialSecret: 'spaced' };
    const { text } = await refusal(create('backuptargets', manifest('BackupTarget', 'spaced', { spec })));
    expect(text).to.include('AWS_ACCESS_KEY_ID');
    expect(text).to.not.include('key\\n');
  });

  const refused: readonly [string, string, object, string][] = [
    [
      'a Volume of a backup that is not there',
      'volumes',
      manifest('Volume', 'vol', { spec: { fromBackup: FROM_BACKUP.replace('backup-1', 'backup-9') } }),
      'cannot get backup',
    ],
    [
      'a Volume of an unknown target',
      'volumes',
      manifest('Volume', 'vol', { spec: { size: '2097152', backupTargetName: 'nowhere' } }),
      'spec.backupTargetName',
    ],
    [
      'a Backup of a Snapshot that is not there',
      'backups',
      manifest('Backup', 'b', { spec: { snapshotName: 'nothing' } }),
      'snapshot',
    ],
    [
      'a BackupVolume without a volume name',
      'backupvolumes',
      manifest('BackupVolume', 'b', { spec: { backupTargetName: 'store' } }),
      'volumeName',
    ],
    [
      'a RecurringJob whose cron is none',
      'recurringjobs',
      manifest('RecurringJob', 'r', { spec: { cron: 'daily please', task: 'backup' } }),
      'cron',
    ],
    [
      'a Setting that does not exist',
      'settings',
      manifest('Setting', 'no-such-setting', { value: '1' }),
      'does not exist',
    ],
    [
      'a Setting with a value that is none',
      'settings',
      manifest('Setting', 'backup-compression-method', { value: 'zip' }),
      'value',
    ],
  ];
  for (const [what, plural, body, words] of refused) {
    it(`refuses ${what}`, async () => {
      const { status, text } = await refusal(create(plural, body));
      expect(text).to.include(words);
      expect(status).to.be.within(400, 422);
    });
  }
});
