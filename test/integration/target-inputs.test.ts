import { expect } from 'chai';
import { type BackupTarget, findCondition, resources } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import { eventually, freePort, sharedS3 } from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from './folder-store.ts';
import { createTargetSetup, readyOf, type TargetSetup } from './target-setup.ts';

describe('target-controller follows what a target depends on', function () {
  this.timeout(60_000);
  let setup: TargetSetup;

  beforeEach(async () => {
    setup = await createTargetSetup();
    await setup.start();
  });

  afterEach(async () => {
    await setup.stop();
  });

  const refusals: [string, string, string][] = [
    ['a malformed URL', 's3://', 'InvalidURL'],
    ['a scheme that is not allowed', 'azblob://c@core.windows.net/', 'SchemeNotAllowed'],
  ];
  for (const [name, url, reason] of refusals) {
    it(`says what is wrong with ${name}, and keeps Longhorn's words`, async () => {
      await setup.createTarget('bad', { backupTargetURL: url });
      const target = await setup.ready('bad', 'False', reason);
      expect(target.status?.available).to.equal(false);
      const unavailable = findCondition(target.status?.conditions, 'Unavailable');
      expect(unavailable).to.include({ status: 'True', reason: 'Unavailable' });
      expect(unavailable?.message).to.contain('failed to init backup target clients');
    });
  }

  it('names the Secret that is missing, and syncs as soon as it is there, right, and right again', async () => {
    const s3 = await sharedS3();
    const bucket = `secret-${setup.namespace}`;
    await s3.createBucket(bucket);
    await setup.createTarget('t', {
      backupTargetURL: `s3://${bucket}@us-east-1/`,
      credentialSecret: 'cred',
      pollInterval: '0s',
    });
    const missing = await setup.ready('t', 'False', 'SecretNotFound');
    expect(readyOf(missing)?.message).to.contain("'cred'");

    const right = {
      AWS_ACCESS_KEY_ID: s3.accessKey,
      AWS_SECRET_ACCESS_KEY: s3.secretKey,
      AWS_ENDPOINTS: s3.endpoint,
    };
    await setup.createSecret('cred', { ...right, AWS_SECRET_ACCESS_KEY: 'wrong' });
    await eventually(async () => {
      const target = await setup.get<BackupTarget>(resources.backupTargets, 't');
      const ready = target === undefined ? undefined : readyOf(target);
      return ready?.reason === 'CredentialInvalid' || ready?.reason === 'AccessDenied';
    });
    await setup.kube.delete(coreResources.secrets, { namespace: setup.namespace, name: 'cred' });
    await setup.createSecret('cred', right);
    const synced = await setup.ready('t', 'True');

    await setup.kube.delete(coreResources.secrets, { namespace: setup.namespace, name: 'cred' });
    await setup.ready('t', 'False', 'SecretNotFound');
    await setup.createSecret('cred', right);
    const again = await setup.ready('t', 'True');
    expect(again.status?.storeID).to.equal(synced.status?.storeID);
  });

  it('tells at once what a changed Secret leads to, also when that is another outage', async () => {
    const endpoints = [`127.0.0.1:${String(await freePort())}`, `127.0.0.1:${String(await freePort())}`] as const;
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    await setup.createSecret('cred', { ...keys, AWS_ENDPOINTS: `http://${endpoints[0]}` });
    await setup.createTarget('t', { backupTargetURL: 's3://b@us-east-1/', credentialSecret: 'cred' });
    expect(readyOf(await setup.ready('t', 'False', 'Unavailable'))?.message).to.contain(endpoints[0]);
    const ref = { namespace: setup.namespace, name: 'cred' };
    const stringData = { AWS_ENDPOINTS: `http://${endpoints[1]}` };
    await setup.kube.patch(coreResources.secrets, ref, { stringData }, { kind: 'merge' });
    await eventually(async () => {
      const target = await setup.get<BackupTarget>(resources.backupTargets, 't');
      expect(target && readyOf(target)?.message).to.contain(endpoints[1]);
    });
  });

  it('gives a store to the target that had it first, and to the next when that one goes', async () => {
    const store = await FolderStore.fixture();
    await setup.createTarget('first', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.ready('first', 'True');
    await setup.createTarget('second', { backupTargetURL: `${store.url}/`, pollInterval: '0s' });
    const loser = await setup.ready('second', 'False', 'DuplicateURL');
    expect(readyOf(loser)?.message).to.contain("'first'");
    expect(await setup.volumes('second')).to.deep.equal([]);
    await setup.deleteTarget('first');
    await setup.ready('second', 'True');
    expect(await setup.volumes('second')).to.deep.equal(FIXTURE_VOLUMES);
  });

  it('lets exactly one of two targets have a store when both come at once', async () => {
    const store = await FolderStore.fixture();
    const spec = { backupTargetURL: store.url, pollInterval: '0s' };
    await Promise.all([setup.createTarget('a', spec), setup.createTarget('b', spec)]);
    const states = await eventually(async () => {
      const targets = await Promise.all(
        ['a', 'b'].map((name) => setup.get<BackupTarget>(resources.backupTargets, name)),
      );
      const reasons = targets.map((target) => (target === undefined ? '' : (readyOf(target)?.reason ?? ''))).sort();
      return reasons.join() === 'DuplicateURL,Synced' && reasons;
    });
    expect(states).to.deep.equal(['DuplicateURL', 'Synced']);
  });

  it('mirrors one volume in several targets, each under its own name', async () => {
    const [one, two] = await Promise.all([FolderStore.fixture(), FolderStore.fixture()]);
    await setup.createTarget('one', { backupTargetURL: one.url, pollInterval: '0s' });
    await setup.createTarget('two', { backupTargetURL: two.url, pollInterval: '0s' });
    await setup.ready('one', 'True');
    await setup.ready('two', 'True');
    expect(await setup.volumes('one')).to.deep.equal(FIXTURE_VOLUMES);
    expect(await setup.volumes('two')).to.deep.equal(FIXTURE_VOLUMES);
    const backups = await setup.list<{ metadata: { name: string } }>(resources.systemBackups);
    expect(backups).to.have.length(2);
    expect(backups.map(({ metadata }) => metadata.name).filter((name) => name === 'demo')).to.have.length(1);
  });

  it('makes the default target from its ConfigMap, and does not revert what a user changed', async () => {
    const { kube, namespace } = setup;
    const type = coreResources.configMaps;
    const name = 'longhorn-default-resource';
    await eventually(async () => (await setup.get(resources.backupTargets, 'default')) !== undefined);
    const data = { 'default-resource.yaml': 'backup-target: vfs:///nowhere\nbackupstore-poll-interval: "60"\n' };
    await kube.create(type, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data });
    const specOf = async (): Promise<BackupTarget['spec'] | undefined> =>
      (await setup.get<BackupTarget>(resources.backupTargets, 'default'))?.spec;
    await eventually(async () => (await specOf())?.backupTargetURL === 'vfs:///nowhere');
    expect((await specOf())?.pollInterval).to.equal('1m0s');

    await setup.patchTarget('default', { spec: { backupTargetURL: 'vfs:///of-the-user' } });
    const changed = {
      data: { 'default-resource.yaml': 'backup-target: vfs:///nowhere\nbackupstore-poll-interval: 120\n' },
    };
    await kube.patch(type, { namespace, name }, changed, { kind: 'merge' });
    await eventually(async () => (await specOf())?.pollInterval === '2m0s');
    expect((await specOf())?.backupTargetURL).to.equal('vfs:///of-the-user');
  });

  it('does not bring the default target back after an uninstall, until its ConfigMap changes', async () => {
    const { kube, namespace } = setup;
    const get = (): Promise<unknown> => setup.get(resources.backupTargets, 'default');
    await eventually(async () => (await get()) !== undefined);
    await setup.patchTarget('default', {
      metadata: { annotations: { 'longhorn.io/delete-backup-target-from-longhorn': '' } },
    });
    await setup.deleteTarget('default');
    await eventually(async () => (await get()) === undefined);
    await setup.createTarget('other', { backupTargetURL: '' });
    await setup.ready('other', 'False', 'URLEmpty');
    expect(await get()).to.equal(undefined);
    const metadata = { namespace, name: 'longhorn-default-resource' };
    await kube.create(coreResources.configMaps, Object.assign({ metadata }, { apiVersion: 'v1', kind: 'ConfigMap' }));
    await eventually(async () => (await get()) !== undefined);
  });
});
