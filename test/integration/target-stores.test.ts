import { expect } from 'chai';
import {
  type BackupBackingImage,
  type BackupVolume,
  findCondition,
  isObjectName,
  labelValue,
  resources,
} from '@mooring/api';
import { openStore, volumeConfigKey, type ObjectStore } from '@mooring/backupstore';
import { eventually, type FaultProxy, sharedS3, startFaultProxy } from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from './folder-store.ts';
import { createTargetSetup, readyOf, type TargetSetup } from './target-setup.ts';

const LONG = 'v'.repeat(200);
const NAMES = ['ab', 'a_b', 'Upper', 'x'.repeat(64), LONG, 'dotted.name', 'end-'].sort();

describe('target-controller mirrors what a store may hold', function () {
  this.timeout(60_000);
  let setup: TargetSetup;
  let proxy: FaultProxy;
  let credentials: Record<string, string>;
  let store: ObjectStore;

  beforeEach(async () => {
    const s3 = await sharedS3();
    setup = await createTargetSetup();
    await s3.createBucket(setup.namespace);
    proxy = await startFaultProxy({ target: s3.endpoint });
    credentials = { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: s3.secretKey, AWS_ENDPOINTS: proxy.url };
    await setup.createSecret('cred', credentials);
    store = await openStore({
      url: url(''),
      credentials: { ...credentials, AWS_ENDPOINTS: s3.endpoint },
      allowedSchemes: ['s3'],
    });
    await setup.start();
  });

  afterEach(async () => {
    store.close();
    await setup.stop();
    await proxy.stop();
  });

  const url = (prefix: string): string => `s3://${setup.namespace}@us-east-1/${prefix}`;
  const create = (name: string, prefix = ''): Promise<unknown> =>
    setup.createTarget(name, { backupTargetURL: url(prefix), credentialSecret: 'cred', pollInterval: '0s' });
  const putVolume = (volume: string, prefix = ''): Promise<unknown> =>
    store.put({ key: `${prefix}${volumeConfigKey(volume)}`, body: Buffer.from('{}') });

  it('names that are legal in the store and not in the cluster', async () => {
    await Promise.all(NAMES.map((name) => putVolume(name)));
    await create('t');
    await setup.ready('t', 'True');
    const volumes = await setup.list<BackupVolume>(resources.backupVolumes);
    expect(volumes.map(({ spec }) => spec.volumeName ?? '').sort()).to.deep.equal(NAMES);
    for (const { metadata, spec } of volumes) {
      expect(isObjectName(metadata.name), metadata.name).to.equal(true);
      expect(metadata.labels?.['backup-volume']).to.equal(labelValue(spec.volumeName ?? ''));
      expect(metadata.annotations?.['mooring.io/store-name']).to.equal(spec.volumeName);
    }
    setup.counts.reset();
    await setup.sync('t');
    expect(setup.counts.writes()).to.not.have.property('POST backupvolumes');
  });

  it('two stores in one bucket, below different prefixes', async () => {
    await Promise.all([putVolume('one', 'first/'), putVolume('two', 'second/')]);
    await Promise.all([create('a', 'first/'), create('b', 'second/')]);
    await Promise.all([setup.ready('a', 'True'), setup.ready('b', 'True')]);
    expect(await setup.volumes('a')).to.deep.equal(['one']);
    expect(await setup.volumes('b')).to.deep.equal(['two']);
  });

  it('a store that may not be written, without its marker', async () => {
    await putVolume('one');
    const restore = proxy.failNext(10_000, { status: 403, when: ({ method }) => method === 'PUT' });
    await create('t');
    const target = await setup.ready('t', 'True');
    expect(target.status?.storeID ?? '').to.equal('');
    expect(findCondition(target.status?.conditions, 'StoreMarkerUnwritable')?.status).to.equal('True');
    expect(await setup.volumes('t')).to.deep.equal(['one']);

    await store.delete([volumeConfigKey('one')]);
    await setup.patchTarget('t', { spec: { syncRequestedAt: new Date().toISOString() } });
    await setup.ready('t', 'False', 'StoreMarkerMissing');
    expect(await setup.volumes('t')).to.deep.equal(['one']);

    await putVolume('one');
    restore();
    const marked = await setup.sync('t');
    expect(marked.status?.storeID).to.match(/^[0-9a-f-]{36}$/);
    expect(findCondition(marked.status?.conditions, 'StoreMarkerUnwritable')).to.equal(undefined);
  });

  it('one store only once, also when the endpoint stands in the Secret', async () => {
    await create('a');
    await setup.ready('a', 'True');
    await create('b');
    await setup.ready('b', 'False', 'DuplicateURL');
    const direct = { ...credentials, AWS_ENDPOINTS: (await sharedS3()).endpoint };
    await setup.createSecret('direct', direct);
    await setup.patchTarget('b', { spec: { credentialSecret: 'direct' } });
    const target = await setup.ready('b', 'True');
    expect(readyOf(target)?.reason).to.equal('Synced');
  });

  it('a bucket that is not there, with the cure', async () => {
    const backupTargetURL = 's3://no-such-bucket-here@us-east-1/';
    await setup.createTarget('t', { backupTargetURL, credentialSecret: 'cred', pollInterval: '0s' });
    const target = await setup.ready('t', 'False', 'BucketNotFound');
    expect(findCondition(target.status?.conditions, 'Unavailable')?.message).to.contain(
      `failed to list system backups in ${backupTargetURL}`,
    );
  });
});

describe('target-controller mirrors backing images', function () {
  this.timeout(60_000);
  let setup: TargetSetup;
  let folder: FolderStore;

  beforeEach(async () => {
    setup = await createTargetSetup();
    folder = await FolderStore.fixture();
    await setup.start();
  });

  afterEach(async () => {
    await setup.stop();
  });

  const key = 'backupstore/backing-images/backing-images/odd-bi/backing-image.cfg';
  const odd = async (): Promise<BackupBackingImage | undefined> =>
    (await setup.list<BackupBackingImage>(resources.backupBackingImages)).find(
      ({ spec }) => spec.backingImage === 'odd-bi',
    );

  it('that are still being written, and again when they are complete', async () => {
    await folder.write(key, JSON.stringify({ Name: 'odd-bi', Size: '0', BlockCount: '0', CompleteTime: '' }));
    await setup.createTarget('t', { backupTargetURL: folder.url, pollInterval: '0s' });
    await setup.ready('t', 'True');
    expect((await odd())?.status?.state).to.equal('InProgress');
    await folder.write(
      key,
      JSON.stringify({ Name: 'odd-bi', Size: '9', BlockCount: '1', CompleteTime: '2026-01-01T00:00:00Z' }),
    );
    await setup.sync('t');
    expect((await odd())?.status).to.include({ state: 'Completed', size: 9, progress: 100 });
  });

  it('that are corrupt as such, and all else beside them', async () => {
    await folder.write(key, 'garbage');
    await setup.createTarget('t', { backupTargetURL: folder.url, pollInterval: '0s' });
    await setup.ready('t', 'True');
    const image = await odd();
    expect(image?.status?.state).to.equal('Error');
    expect(findCondition(image?.status?.conditions, 'Ready')?.reason).to.equal('Corrupt');
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
    expect(await setup.list(resources.backupBackingImages)).to.have.length(2);
  });

  it('again when someone asks for one', async () => {
    await setup.createTarget('t', { backupTargetURL: folder.url, pollInterval: '0s' });
    await setup.ready('t', 'True');
    const image = await odd();
    const syncRequestedAt = '2020-01-01T00:00:00Z';
    const ref = { namespace: setup.namespace, name: image?.metadata.name ?? '' };
    await setup.kube.patch(resources.backupBackingImages, ref, { spec: { syncRequestedAt } }, { kind: 'merge' });
    await eventually(async () => (await odd())?.status?.observedSyncRequestedAt === syncRequestedAt);
  });
});
