import { createHash } from 'node:crypto';
import { open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Backup,
  type BackupTarget,
  type BackupVolume,
  findCondition,
  type ResourceType,
  resources,
  type Snapshot,
} from '@mooring/api';
import { openStore, restoreBackup } from '@mooring/backupstore';
import { FileDataPath } from '@mooring/datapath';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { type HouseSetup, startHouseSetup } from './house-setup.ts';

const BLOCK = 2 * 1024 * 1024;

describe('a backup that is made in this cluster', function () {
  this.timeout(120_000);

  let setup: HouseSetup;
  let store: string;
  let file: string;

  const isReady = (object: { status?: { conditions?: readonly { type?: string; status?: string }[] | null } }) =>
    object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const isCompleted = ({ status }: Backup) => status?.state === 'Completed';
  const labels = { 'backup-target': 'store', 'backup-volume': 'data' };

  async function snapshot(name: string): Promise<Snapshot> {
    await setup.create('Snapshot', name, { spec: { volume: 'data', createSnapshot: true } });
    return await setup.until<Snapshot>(resources.snapshots, name, ({ status }) => status?.readyToUse === true);
  }
  const backup = (name: string, snapshotName: string) =>
    setup.create<Backup>('Backup', name, { spec: { snapshotName, labels: { why: 'a test' } }, labels });
  const completed = (name: string) => setup.until<Backup>(resources.backups, name, isCompleted);
  const filesOf = async () =>
    (await readdir(store, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const blocks = async () => (await filesOf()).filter(({ name }) => name.endsWith('.blk')).length;
  const gone = (type: ResourceType, name: string) => setup.gone(type, name);

  async function restored(name: string): Promise<Buffer> {
    const path = join(await temporaryFolder('restored'), 'image');
    const opened = await openStore({ url: `vfs://${store}`, credentials: {}, allowedSchemes: ['vfs'] });
    const destination = await new FileDataPath(path).openDestination({ sizeBytes: 4 * BLOCK });
    await restoreBackup({ store: opened, volume: 'data', backup: name, destination });
    opened.close();
    return await readFile(path);
  }

  before(async () => {
    setup = await startHouseSetup();
    store = await temporaryFolder('store');
    file = join(setup.folder, 'data.img');
    await writeFile(file, Buffer.concat([Buffer.alloc(BLOCK, 'a'), Buffer.alloc(BLOCK, 'b')]));
    await truncate(file, 4 * BLOCK);
    await setup.create('BackupTarget', 'store', { spec: { backupTargetURL: `vfs://${store}`, pollInterval: '0s' } });
    await setup.until<BackupTarget>(resources.backupTargets, 'store', isReady);
    const spec = { size: String(4 * BLOCK), backupTargetName: 'store', source: { file: { path: file } } };
    await setup.create('RecurringJob', 'nightly', { spec: { task: 'backup', cron: '0 0 * * *', retain: 3 } });
    await setup.create('Volume', 'data', { spec, labels: { 'recurring-job.longhorn.io/nightly': 'enabled' } });
  });
  after(async () => {
    await setup.stop();
  });

  it('ends complete, and as if it had been pulled', async () => {
    const before = await readFile(file);
    await snapshot('s1');
    await backup('b1', 's1');
    const { status, metadata } = await completed('b1');
    expect(status).to.include({
      progress: 100,
      error: '',
      snapshotName: 's1',
      volumeName: 'data',
      size: String(2 * BLOCK),
    });
    expect(status?.labels).to.include({ why: 'a test' });
    expect(status?.url).to.equal(`vfs://${store}?backup=b1&volume=data`);
    expect(metadata.annotations).to.include.keys('mooring.io/store', 'mooring.io/target-uid');
    expect((await restored('b1')).equals(before)).to.equal(true);
    // The volume appears, and owns it.
    const owned = await setup.until<Backup>(
      resources.backups,
      'b1',
      (object) =>
        Boolean(object.metadata.ownerReferences?.some(({ kind }) => kind === 'BackupVolume')) && isReady(object),
    );
    expect(owned.metadata.annotations).to.include.keys('mooring.io/config-etag');
    const [volume] = await setup.list<BackupVolume>(resources.backupVolumes);
    expect(volume?.status?.lastBackupName).to.equal('b1');
    // With the jobs of the volume, which a restore brings back; they are no label of the Backup.
    const jobs = JSON.parse(volume?.status?.labels?.['VolumeRecurringJobInfo'] ?? 'null') as unknown;
    expect(jobs).to.have.nested.property('nightly.jobSpec.cron', '0 0 * * *');
    expect(status?.labels).to.not.have.property('VolumeRecurringJobInfo');
  });

  it('takes only what changed when there is one before it', async () => {
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(BLOCK, 'c'), 0, BLOCK, BLOCK);
    await handle.close();
    const content = await readFile(file);
    await snapshot('s2');
    await backup('b2', 's2');
    const { status } = await completed('b2');
    expect(status?.newlyUploadDataSize).to.not.equal('0');
    expect(await blocks()).to.equal(3);
    expect((await restored('b2')).equals(content)).to.equal(true);
  });

  it('is verified when somebody asks, and what is bad is named and written again by the next', async () => {
    const ask = (mode: string) =>
      setup.kube.patch(
        resources.backups,
        { namespace: setup.namespace, name: 'b2' },
        { metadata: { annotations: { 'mooring.io/verify': mode } } },
        { kind: 'merge' },
      );
    const answered = () =>
      setup.until<Backup>(resources.backups, 'b2', ({ metadata }) => !metadata.annotations?.['mooring.io/verify']);
    const verdictOf = ({ status }: Backup) => findCondition(status?.conditions, 'Verified');
    await ask('full');
    const sound = await answered();
    expect(verdictOf(sound)).to.include({ status: 'True', reason: 'Verified' });
    expect(sound.status?.verifiedAt).to.match(/^2/);

    // The first block of the volume, which both backups have.
    const checksum = createHash('sha512').update(Buffer.alloc(BLOCK, 'a')).digest('hex').slice(0, 64);
    const victim = (await filesOf()).find(({ name }) => name === `${checksum}.blk`);
    if (victim === undefined) throw new Error('the block is not there');
    await writeFile(join(victim.parentPath, victim.name), 'garbage');
    await ask('full');
    const bad = await answered();
    expect(verdictOf(bad)).to.include({ status: 'False', reason: 'BadBlocks' });
    expect(bad.status?.badBlocks).to.deep.equal([checksum]);
    expect(bad.status).to.include({ state: 'Completed', error: '' });

    await snapshot('s2b');
    await backup('b2b', 's2b');
    await completed('b2b');
    await ask('full');
    expect(verdictOf(await answered())).to.include({ status: 'True', reason: 'Verified' });
    expect((await restored('b2')).equals(await readFile(file))).to.equal(true);
    expect((await restored('b2b')).equals(await readFile(file))).to.equal(true);
    await setup.remove(resources.backups, 'b2b');
    await gone(resources.backups, 'b2b');
    await setup.remove(resources.snapshots, 's2b');
    await gone(resources.snapshots, 's2b');
  });

  it('frees the space that only it used when it is deleted, and nothing else', async () => {
    await setup.remove(resources.backups, 'b1');
    await gone(resources.backups, 'b1');
    expect(await blocks()).to.equal(2);
    expect((await restored('b2')).equals(await readFile(file))).to.equal(true);
    expect((await filesOf()).map(({ name }) => name)).to.not.include('backup_b1.cfg');
  });

  it('goes alone when the label says so', async () => {
    const patch = { metadata: { labels: { 'longhorn.io/delete-custom-resource-only': 'true' } } };
    const ref = { namespace: setup.namespace, name: 'b2' };
    await setup.kube.patch(resources.backups, ref, patch, { kind: 'merge' });
    await setup.remove(resources.backups, 'b2');
    await gone(resources.backups, 'b2');
    expect(await blocks()).to.equal(2);
    expect((await restored('b2')).equals(await readFile(file))).to.equal(true);
  });

  it('removes the file of a Snapshot that is deleted', async () => {
    expect(await readdir(`${file}.snapshots`)).to.have.members(['s1.img', 's2.img']);
    await setup.remove(resources.snapshots, 's1');
    await gone(resources.snapshots, 's1');
    expect(await readdir(`${file}.snapshots`)).to.deep.equal(['s2.img']);
  });

  it('says that a snapshot is missing, and waits for it', async () => {
    await backup('b3', 's3');
    const waiting = await setup.until<Backup>(resources.backups, 'b3', ({ status }) => status?.state === 'Pending');
    expect(waiting.status?.messages).to.deep.equal({ info: 'Failed to get the Snapshot s3' });
    await snapshot('s3');
    await completed('b3');
  });
});
