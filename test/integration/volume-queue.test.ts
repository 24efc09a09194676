import {
  API_VERSION,
  type BackupVolume,
  findCondition,
  jobResource,
  moverJob,
  type MoverJob,
  type RecurringJob,
  resources,
  type Volume,
} from '@mooring/api';
import { eventually } from '@mooring/testing';
import { expect } from 'chai';
import { FolderStore } from './folder-store.ts';
import { moverSettingsIn } from './mover-settings.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

/** As Longhorn writes it into a backup. */
const USED = JSON.stringify({ pvName: 'pv', pvStatus: 'Bound', namespace: 'apps', pvcName: 'data' });

const DAILY = { name: 'daily', task: 'backup', cron: '0 2 * * *', retain: 7, concurrency: 2 };
const BAD = { name: 'bad', task: 'no such task', cron: '0 2 * * *' };
const JOBS = JSON.stringify({
  daily: { jobSpec: DAILY, fromGroup: ['nightly'], fromJob: true },
  bad: { jobSpec: BAD, fromJob: true },
});

describe('operations on one volume of a store', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;

  beforeEach(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.create();
    await store.volume('pvc-1', { lastBackupName: 'one', labels: { VolumeRecurringJobInfo: JOBS } });
    await store.backup({ volume: 'pvc-1', backup: 'one', labels: { KubernetesStatus: USED } });
    await store.volume('another');
    await setup.target('default', store.url);
    await setup.volume('pvc-1');
    await setup.settled();
  });
  afterEach(() => setup.stop());

  /** A Job of the mover on `pvc-1` that runs for ever: nothing here runs its Pods. */
  async function runBackup(): Promise<string> {
    // It would clear a Job whose Backup does not exist.
    await setup.backups.stop(0);
    const job = moverJob({
      settings: moverSettingsIn(setup.namespace),
      task: 'backup',
      object: { metadata: { name: 'running', uid: 'some-uid' } },
      store: { target: 'default', volume: 'pvc-1' },
    });
    await setup.kube.create(jobResource, job);
    return job.metadata.name;
  }
  const end = (name: string): Promise<void> =>
    setup.kube.delete(jobResource, { namespace: setup.namespace, name }, { propagationPolicy: 'Background' });
  const restore = (name: string, more: object = {}): Promise<Volume> => {
    const metadata = { namespace: setup.namespace, name };
    const source = { file: { path: `/data/${name}.img` } };
    const spec = { fromBackup: `${store.url}?backup=one&volume=pvc-1`, source, ...more };
    return setup.kube.create<Volume>(resources.volumes, {
      apiVersion: API_VERSION,
      kind: 'Volume',
      metadata,
      spec,
    });
  };
  const limit = (value: string): Promise<unknown> => {
    const metadata = { namespace: setup.namespace, name: 'concurrent-volume-backup-restore-per-node-limit' };
    return setup.kube.create(resources.settings, { apiVersion: API_VERSION, kind: 'Setting', metadata, value });
  };
  const says = (name: string, reason: string, words: string): Promise<unknown> =>
    eventually(async () => {
      const volume = await setup.get<Volume>(resources.volumes, name);
      const ready = findCondition(volume?.status?.conditions, 'Ready');
      expect(ready?.reason).to.equal(reason);
      expect(ready?.message).to.contain(words);
      return true;
    });
  const restores = async (): Promise<MoverJob[]> =>
    (await setup.list<MoverJob>(jobResource)).filter(
      ({ metadata }) => metadata.labels?.['mooring.io/mover-task'] === 'restore',
    );

  it('a restore waits for a backup, says so, and begins when that has ended', async () => {
    const job = await runBackup();
    await restore('copy');
    await says('copy', 'Pending', "Waiting for the backup 'running' to end");
    expect(await restores()).to.have.length(0);
    await end(job);
    await says('copy', 'RestoreInProgress', "backup 'one'");
    expect(await restores()).to.have.length(1);
  });

  it('a restored Volume says from its beginning who used the one that it comes from', async () => {
    await restore('copy');
    await says('copy', 'RestoreInProgress', "backup 'one'");
    const { status } = (await setup.get<Volume>(resources.volumes, 'copy')) ?? {};
    expect(status?.actualSize).to.be.a('number');
    expect(status?.kubernetesStatus).to.deep.equal({
      ...{ namespace: 'apps', pvcName: 'data', lastPVCRefAt: '2026-01-02T00:00:00Z' },
      ...{ lastPodRefAt: '', workloadsStatus: [] },
    });
  });

  it('a restored Volume gets the recurring jobs back, where that is wanted and they are legal', async () => {
    const jobs = async (): Promise<string[]> =>
      (await setup.list<RecurringJob>(resources.recurringJobs)).map(({ metadata }) => metadata.name);
    const labelsOf = async (name: string): Promise<object> =>
      (await setup.get<Volume>(resources.volumes, name))?.metadata.labels ?? {};
    await restore('without', { restoreVolumeRecurringJob: 'ignored' });
    await says('without', 'RestoreInProgress', "backup 'one'");
    expect(await jobs()).to.deep.equal([]);
    await setup.kube.delete(resources.volumes, { namespace: setup.namespace, name: 'without' });
    await restore('copy', { restoreVolumeRecurringJob: 'enabled' });
    await says('copy', 'RestoreInProgress', "backup 'one'");
    expect(await jobs()).to.deep.equal(['daily']);
    expect(await labelsOf('copy')).to.deep.include({
      'recurring-job.longhorn.io/daily': 'enabled',
      'recurring-job-group.longhorn.io/nightly': 'enabled',
    });
    expect(await labelsOf('copy')).to.not.have.property('recurring-job.longhorn.io/bad');
  });

  it('a restore waits for another restore', async () => {
    await restore('first');
    await says('first', 'RestoreInProgress', "backup 'one'");
    await restore('second');
    await says('second', 'Pending', "Waiting for the restore of volume 'first' to end");
    expect(await restores()).to.have.length(1);
  });

  it('a restore whose mover waits for a lock in the store says so, until that goes on', async () => {
    await restore('copy');
    await says('copy', 'RestoreInProgress', "backup 'one'");
    const reason = 'waiting for a deletion of the same volume';
    const report = (restoreWaiting: string): Promise<unknown> => {
      const ref = { namespace: setup.namespace, name: 'copy', subresource: 'status' };
      return setup.kube.patch(resources.volumes, ref, { status: { restoreWaiting } }, { kind: 'merge' });
    };
    await report(reason);
    await says('copy', 'Pending', reason);
    await report('');
    await says('copy', 'RestoreInProgress', "backup 'one'");
  });

  it('a deletion waits for a mover, and loses no byte before', async () => {
    const job = await runBackup();
    const [volume] = await setup.list<BackupVolume>(resources.backupVolumes);
    const name = volume?.metadata.name ?? '';
    await eventually(() => setup.volumes.caches.runs.list().length === 1);
    await setup.kube.delete(resources.backupVolumes, { namespace: setup.namespace, name });
    await eventually(async () => {
      const found = await setup.get<BackupVolume>(resources.backupVolumes, name);
      expect(findCondition(found?.status?.conditions, 'Ready')).to.include({
        reason: 'Deleting',
        message: "Waiting for the backup 'running' to end",
      });
      return true;
    });
    await end(job);
    await eventually(async () => (await setup.get(resources.backupVolumes, name)) === undefined);
  });

  it('no restore begins while the setting says 0, but those that follow do', async () => {
    await limit('0');
    await eventually(() => setup.volumes.caches.settings.list().length === 1);
    await restore('copy');
    await says('copy', 'Pending', 'concurrent-volume-backup-restore-per-node-limit is 0');
    await restore('standby', { Standby: true });
    await says('standby', 'RestoreInProgress', "backup 'one'");
  });

  it('a Volume that is deleted while it is restored takes its Job with it', async () => {
    await restore('copy');
    await says('copy', 'RestoreInProgress', "backup 'one'");
    await setup.kube.delete(resources.volumes, { namespace: setup.namespace, name: 'copy' });
    await eventually(async () => (await setup.get(resources.volumes, 'copy')) === undefined);
    expect(await restores()).to.have.length(0);
  });

  it('a source that no engine reads is declined', async () => {
    await restore('claim', { source: { persistentVolumeClaim: { namespace: 'ns', name: 'c' } } });
    await says('claim', 'NotSupportedYet', 'no engine');
    expect(await restores()).to.have.length(0);
  });
});
