import { open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Backup,
  type BackupTarget,
  type BackupVolume,
  backupVolumeName,
  findCondition,
  jobResource,
  type MoverJob,
  resources,
  type Snapshot,
  type Volume,
} from '@mooring/api';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { type HouseSetup, startHouseSetup } from './house-setup.ts';

const BLOCK = 2 * 1024 * 1024;

describe('a volume that comes from a backup', function () {
  this.timeout(180_000);

  let setup: HouseSetup;
  let store: string;
  let file: string;
  const labels = { 'backup-target': 'store', 'backup-volume': 'data' };
  const urlOf = (backup: string): string => `vfs://${store}?backup=${backup}&volume=data`;
  const pathOf = (name: string): string => join(setup.folder, `${name}.img`);

  async function backUp(name: string): Promise<void> {
    await setup.create('Snapshot', `s-${name}`, { spec: { volume: 'data', createSnapshot: true } });
    await setup.until<Snapshot>(resources.snapshots, `s-${name}`, ({ status }) => status?.readyToUse === true);
    await setup.create<Backup>('Backup', name, { spec: { snapshotName: `s-${name}`, labels: {} }, labels });
    await setup.until<Backup>(resources.backups, name, ({ status }) => status?.state === 'Completed');
    await setup.until<BackupVolume>(
      resources.backupVolumes,
      backupVolumeName('data', 'store'),
      ({ status }) => status?.lastBackupName === name,
    );
  }

  const restore = (name: string, backup: string, more: object = {}): Promise<Volume> => {
    const spec = {
      backupTargetName: 'store',
      fromBackup: urlOf(backup),
      source: { file: { path: pathOf(name) } },
      ...more,
    };
    return setup.create<Volume>('Volume', name, { spec });
  };
  const restored = (name: string, backup: string): Promise<Volume> =>
    setup.until<Volume>(
      resources.volumes,
      name,
      ({ status }) =>
        status?.lastRestoredBackup === backup && findCondition(status.conditions, 'Ready')?.status === 'True',
    );
  const readyOf = ({ status }: Volume) => findCondition(status?.conditions, 'Ready');

  before(async () => {
    setup = await startHouseSetup();
    store = await temporaryFolder('store');
    file = pathOf('data');
    await writeFile(file, Buffer.concat([Buffer.alloc(BLOCK, 'a'), Buffer.alloc(BLOCK, 'b')]));
    await truncate(file, 4 * BLOCK);
    await setup.create('BackupTarget', 'store', { spec: { backupTargetURL: `vfs://${store}`, pollInterval: '0s' } });
    await setup.until<BackupTarget>(resources.backupTargets, 'store', ({ status }) => status?.available === true);
    const spec = { size: String(4 * BLOCK), backupTargetName: 'store', source: { file: { path: file } } };
    await setup.create('Volume', 'data', { spec });
    await backUp('b1');
  });
  after(async () => {
    await setup.stop();
  });

  it('says of a volume that was not restored that it can be backed up, and which backup is its newest', async () => {
    const volume = await setup.until<Volume>(resources.volumes, 'data', ({ status }) => status?.lastBackup === 'b1');
    expect(readyOf(volume)).to.include({ status: 'True', reason: 'Attached' });
    expect(volume.status?.lastBackupAt).to.not.equal('');
    expect(findCondition(volume.status?.conditions, 'Restore')).to.equal(undefined);
  });

  it('gets its data, and its size where none was said', async () => {
    await restore('copy', 'b1');
    const volume = await restored('copy', 'b1');
    expect(volume.spec.size).to.equal(String(4 * BLOCK));
    expect(volume.status).to.include({
      restoreRequired: false,
      restoreInitiated: true,
      isStandby: false,
      restoreProgress: 100,
    });
    expect(readyOf(volume)).to.include({ reason: 'Restored' });
    expect(findCondition(volume.status?.conditions, 'Restore')).to.include({ status: 'False', reason: '' });
    expect((await readFile(pathOf('copy'))).equals(await readFile(file))).to.equal(true);
    expect(volume.metadata.finalizers).to.include('longhorn.io');
  });

  const change = async (block: number, letter: string): Promise<void> => {
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(BLOCK, letter), 0, BLOCK, block * BLOCK);
    await handle.close();
  };
  const patch = (name: string, spec: object) =>
    setup.kube.patch(resources.volumes, { namespace: setup.namespace, name }, { spec }, { kind: 'merge' });
  const same = async (name: string): Promise<boolean> => (await readFile(pathOf(name))).equals(await readFile(file));

  it('follows its backup volume while it stands by', async () => {
    await restore('standby', 'b1', { Standby: true });
    const first = await restored('standby', 'b1');
    expect(first.status).to.include({ isStandby: true, lastBackup: 'b1' });
    await change(1, 'c');
    await backUp('b2');
    const second = await restored('standby', 'b2');
    expect(second.status).to.include({ isStandby: true, lastBackup: 'b2', restoreRun: '=>b2' });
    expect(await same('standby')).to.equal(true);
  });

  it('grows with the volume that it follows', async () => {
    await truncate(file, 6 * BLOCK);
    await patch('data', { size: String(6 * BLOCK) });
    await change(5, 'd');
    await backUp('b3');
    const volume = await restored('standby', 'b3');
    expect(volume.spec.size).to.equal(String(6 * BLOCK));
    expect(await same('standby')).to.equal(true);
  });

  it('restores the newest backup before it is activated, also one that nobody has synced', async () => {
    await restore('late', 'b3', { Standby: true });
    await restored('late', 'b3');
    await change(0, 'e');
    await backUp('b4');
    await patch('standby', { Standby: false });
    const volume = await setup.until<Volume>(resources.volumes, 'standby', ({ status }) => status?.isStandby === false);
    expect(volume.status).to.include({
      lastRestoredBackup: 'b4',
      restoreRequired: false,
      activationSyncRequestedAt: '',
    });
    expect(await same('standby')).to.equal(true);
    const [mirror] = await setup.list<BackupVolume>(resources.backupVolumes);
    expect(mirror?.spec.syncRequestedAt).to.match(/\.\d{6}Z$/);
  });

  it('is activated with the newest backup that can be restored', async () => {
    await restored('late', 'b4');
    const before = await readFile(file);
    await change(2, 'f');
    const blocks = async (): Promise<string[]> =>
      (await readdir(store, { recursive: true })).filter((name) => name.endsWith('.blk'));
    const known = await blocks();
    await backUp('b5');
    const fresh = (await blocks()).filter((name) => !known.includes(name));
    expect(fresh).to.have.length(1);
    await rm(join(store, fresh[0] ?? ''));
    await restore('last', 'b4', { Standby: true });
    const failed = await setup.until<Volume>(
      resources.volumes,
      'last',
      (volume) => readyOf(volume)?.reason === 'RestoreFailure',
    );
    expect(findCondition(failed.status?.conditions, 'Restore')).to.include({
      status: 'False',
      reason: 'RestoreFailure',
    });
    expect(readyOf(failed)?.message).to.equal(failed.status?.restoreError);
    await patch('last', { Standby: false });
    const volume = await setup.until<Volume>(resources.volumes, 'last', ({ status }) => status?.isStandby === false);
    expect(volume.status).to.include({ lastRestoredBackup: 'b4', restoreRequired: false });
    expect((await readFile(pathOf('last'))).equals(before)).to.equal(true);
  });

  it('is refused where its own size is too small, and no byte is written', async () => {
    await restore('small', 'b4', { size: String(2 * BLOCK) });
    const volume = await setup.until<Volume>(
      resources.volumes,
      'small',
      (found) => readyOf(found)?.reason === 'RestoreFailure',
    );
    expect(readyOf(volume)?.message).to.contain(`spec.size is ${String(2 * BLOCK)}`);
    expect(await readdir(setup.folder)).to.not.include('small.img');
  });

  it('says which backup, volume or target is not there', async () => {
    await restore('nothing', 'b99');
    const volume = await setup.until<Volume>(
      resources.volumes,
      'nothing',
      (found) => readyOf(found)?.reason === 'RestoreFailure',
    );
    expect(readyOf(volume)?.message).to.contain("no backup 'b99'");
    const spec = { backupTargetName: 'store', source: { file: { path: pathOf('nowhere') } } };
    await setup.create('Volume', 'nowhere', {
      spec: { ...spec, fromBackup: 'vfs:///elsewhere?backup=b1&volume=data' },
    });
    const lost = await setup.until<Volume>(
      resources.volumes,
      'nowhere',
      (found) => readyOf(found)?.reason === 'RestoreFailure',
    );
    expect(readyOf(lost)?.message).to.contain('vfs:///elsewhere');
  });

  it('keeps its data when its object is deleted, and leaves no Job behind', async () => {
    const { metadata } = await restored('copy', 'b1');
    await setup.remove(resources.volumes, 'copy');
    await setup.gone(resources.volumes, 'copy');
    expect(await readdir(setup.folder)).to.include('copy.img');
    const jobs = await setup.list<MoverJob>(jobResource);
    expect(jobs.filter((job) => job.metadata.labels?.['mooring.io/mover-object'] === metadata.uid)).to.deep.equal([]);
  });
});
