import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Backup,
  type BackupTarget,
  type BackupVolume,
  backupVolumeName,
  findCondition,
  jobResource,
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
    await setup.gone(
      jobResource,
      (await setup.list<Volume>(jobResource)).find(({ metadata }) => metadata.name.includes('copy'))?.metadata.name ??
        '-',
    );
  });
});
