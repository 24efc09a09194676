import { request } from 'node:https';
import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import type { KubeManifest } from '@mooring/testing';
import { OBJECTS, manifest, refusal, startWebhooks } from './admission-cluster.ts';
import type { AdmissionCluster, RunningWebhooks } from './admission-cluster.ts';

describe('admission on a real API server', function () {
  this.timeout(60_000);
  let webhooks: RunningWebhooks;
  let cluster: AdmissionCluster;

  before(async () => {
    webhooks = await startWebhooks();
    cluster = webhooks.cluster;
  });
  after(() => webhooks.stop());

  function create(plural: string, body: object, query = ''): Promise<KubeManifest> {
    return cluster.admin.request({ method: 'POST', path: cluster.path(plural) + query, body });
  }
  function target(name: string, url: string, spec: Record<string, unknown> = {}): Promise<KubeManifest> {
    return create('backuptargets', manifest('BackupTarget', name, { spec: { backupTargetURL: url, ...spec } }));
  }
  function patch(plural: string, name: string, body: object): Promise<KubeManifest> {
    return cluster.admin.request({
      method: 'PATCH',
      path: cluster.path(plural, name),
      contentType: 'application/merge-patch+json',
      body,
    });
  }
  function secret(name: string, data: Record<string, string>): Promise<unknown> {
    const path = `/api/v1/namespaces/${OBJECTS}/secrets`;
    return cluster.admin.request({
      method: 'POST',
      path,
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: data },
    });
  }

  it('gives a BackupTarget its finalizer', async () => {
    const created = await target('plain', 's3://plain@us-east-1/');
    expect(created.metadata['finalizers']).to.deep.equal(['longhorn.io']);
  });

  it('gives Backups and BackupVolumes the labels that clients select by', async () => {
    const volume = await create(
      'backupvolumes',
      manifest('BackupVolume', 'labelled', { spec: { backupTargetName: 'plain', volumeName: 'data' } }),
    );
    expect(volume.metadata.labels).to.include({ 'backup-target': 'plain', 'backup-volume': 'data' });
  });

  it('refuses a second target of the same store, however the URL is written', async () => {
    await target('first', 's3://Bucket-A@us-east-1/path');
    const { status, text } = await refusal(target('second', 's3://bucket-a@eu-west-1/path/'));
    expect(status).to.equal(422);
    expect(text).to.include('is the same to backup target first');
    expect(text).to.include('spec.backupTargetURL');
  });

  it('takes the endpoint in the Secret for part of the store', async () => {
    await secret('here', { AWS_ENDPOINTS: 'https://here.example:443' });
    await secret('there', { AWS_ENDPOINTS: 'https://there.example' });
    await secret('here-too', { AWS_ENDPOINTS: 'https://HERE.example/' });
    await target('at-here', 's3://shared@us-east-1/', { credentialSecret: 'here' });
    await target('at-there', 's3://shared@us-east-1/', { credentialSecret: 'there' });
    const { text } = await refusal(target('at-here-again', 's3://shared@us-east-1/', { credentialSecret: 'here-too' }));
    expect(text).to.include('is the same to backup target at-here');
  });

  it('warns about what is legal but doubtful, through the API server’s Warning header', async () => {
    const warnings = await warningsOf(
      cluster,
      manifest('BackupTarget', 'doubtful', {
        spec: { backupTargetURL: 's3://doubtful@us-east-1/', credentialSecret: 'absent' },
      }),
    );
    expect(warnings).to.include('absent');
  });

  it('writes nothing in a dry run and gives the answer of the real one', async () => {
    const dry = await create(
      'backuptargets',
      manifest('BackupTarget', 'dry', { spec: { backupTargetURL: 's3://dry@us-east-1/' } }),
      '?dryRun=All',
    );
    expect(dry.metadata['finalizers']).to.deep.equal(['longhorn.io']);
    expect((await refusal(cluster.admin.request({ path: cluster.path('backuptargets', 'dry') }))).status).to.equal(404);
    const { status } = await refusal(
      create(
        'backuptargets',
        manifest('BackupTarget', 'dry', { spec: { backupTargetURL: 's3://plain@us-east-1/' } }),
        '?dryRun=All',
      ),
    );
    expect(status).to.equal(422);
  });

  it('refuses to delete the default target, by name and with the collection, until it is uninstalled', async () => {
    await create('backuptargets', manifest('BackupTarget', 'default', { spec: {} }));
    for (const path of [
      cluster.path('backuptargets', 'default'),
      `${cluster.path('backuptargets')}?fieldSelector=metadata.name%3Ddefault`,
    ]) {
      const { status, text } = await refusal(cluster.admin.request({ method: 'DELETE', path }));
      expect(status).to.equal(403);
      expect(text).to.include('deleting default backup target is not allowed');
    }
    await patch('backuptargets', 'default', {
      metadata: { annotations: { 'longhorn.io/delete-backup-target-from-longhorn': '' } },
    });
    await cluster.admin.request({ method: 'DELETE', path: cluster.path('backuptargets', 'default') });
    // The finalizer is the controller's to remove; none runs here.
    await patch('backuptargets', 'default', { metadata: { finalizers: null } });
    expect((await refusal(cluster.admin.request({ path: cluster.path('backuptargets', 'default') }))).status).to.equal(
      404,
    );
  });

  it('reviews nothing once an object is being deleted, so finalizers can go', async () => {
    await target('leaving', 's3://leaving@us-east-1/');
    await cluster.admin.request({ method: 'DELETE', path: cluster.path('backuptargets', 'leaving') });
    await patch('backuptargets', 'leaving', { metadata: { finalizers: [] } });
    expect((await refusal(cluster.admin.request({ path: cluster.path('backuptargets', 'leaving') }))).status).to.equal(
      404,
    );
  });

  it('finds a Snapshot and a Volume that were created a moment ago', async () => {
    await target('available', 's3://available@us-east-1/');
    await cluster.admin.request({
      method: 'PATCH',
      path: `${cluster.path('backuptargets', 'available')}/status`,
      contentType: 'application/merge-patch+json',
      body: { status: { available: true } },
    });
    await create('volumes', manifest('Volume', 'fresh', { spec: { size: '4194304', backupTargetName: 'available' } }));
    await create('snapshots', manifest('Snapshot', 'fresh-1', { spec: { volume: 'fresh' } }));
    const backup = await create('backups', manifest('Backup', 'backup-1', { spec: { snapshotName: 'fresh-1' } }));
    expect(backup.metadata.labels).to.include({ 'backup-target': 'available', 'backup-volume': 'fresh' });
    expect(backup['spec']).to.include({ backupMode: 'incremental' });
  });

  it('refuses a Backup to a target that is not available, with Longhorn’s words', async () => {
    const { text } = await refusal(
      create('backups', {
        ...manifest('Backup', 'backup-2', { spec: {} }),
        metadata: { name: 'backup-2', labels: { 'backup-target': 'plain', 'backup-volume': 'v' } },
      }),
    );
    expect(text).to.include('backup target plain is not available');
  });

  it('names the field and the cure in a denial, and the right HTTP code', async () => {
    const { status, text } = await refusal(target('odd', 'ftp://host/path'));
    expect(status).to.equal(422);
    expect(text).to.include('denied the request: spec.backupTargetURL: ');
  });

  it('leaves fields that it does not know as they are', async () => {
    const created = await create(
      'volumes',
      manifest('Volume', 'extra', {
        spec: { size: '2097152', backupTargetName: 'plain', frontend: 'blockdev', unknownToUs: { deep: [1] } },
      }),
    );
    expect(created['spec']).to.deep.include({ frontend: 'blockdev', unknownToUs: { deep: [1] } });
  });

  it('puts the CA back when somebody overwrites it', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/mooring-validating-webhook';
    await cluster.admin.request({
      method: 'PATCH',
      path,
      contentType: 'application/json-patch+json',
      body: [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }],
    });
    await eventually(async () => {
      const { webhooks: entries } = await cluster.admin.request<{
        webhooks: { clientConfig: { caBundle?: string } }[];
      }>({ path });
      expect(entries[0]?.clientConfig.caBundle).to.be.a('string');
    });
    await eventually(() => create('backuptargets', manifest('BackupTarget', 'after', { spec: {} }), '?dryRun=All'));
  });
});

/** The Warning header of a dry-run creation as the admin; empty when there is none. */
function warningsOf(cluster: AdmissionCluster, body: object): Promise<string> {
  const { plane } = cluster;
  const url = new URL(`${cluster.path('backuptargets')}?dryRun=All`, plane.server);
  const options = {
    method: 'POST',
    ca: plane.caCertificate,
    cert: plane.admin.certificate,
    key: plane.admin.key,
    headers: { 'content-type': 'application/json' },
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (response) => {
      response.resume();
      resolve(response.headers['warning'] ?? '');
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}
