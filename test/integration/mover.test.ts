import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, type KubeObject, moverExit, resources, type Snapshot, type Volume } from '@mooring/api';
import { expect } from 'chai';
import { createMoverRig, type MoverRig } from './mover-process.ts';

const MIB = 1024 * 1024;

describe('A run of the mover', function () {
  this.timeout(120_000);

  let rig: MoverRig;
  before(async () => {
    rig = await createMoverRig();
  });

  const fileOf = (name: string): string => join(rig.folder, `${name}.img`);

  async function done(options: Parameters<MoverRig['run']>[0]): Promise<void> {
    const { exitCode, log } = await rig.run(options);
    expect(exitCode, log).to.equal(moverExit.done);
  }

  /** Restores into a Volume; its status afterwards. */
  async function restored(object: KubeObject, orders: { volume: string; backup: string; base?: string }) {
    await done({ task: 'restore', object, orders: { target: 'store', ...orders } });
    return (await rig.get<Volume>(resources.volumes, object))?.status;
  }

  it('takes a snapshot, says so, and takes it once', async () => {
    const data = randomBytes(8 * MIB);
    await rig.volume('snap');
    await writeFile(fileOf('snap'), data);
    const object = await rig.snapshot('snap-s1', 'snap');
    await done({ task: 'take-snapshot', object });
    await writeFile(fileOf('snap'), randomBytes(8 * MIB));
    await done({ task: 'take-snapshot', object });
    const { status } = (await rig.get<Snapshot>(resources.snapshots, object)) ?? {};
    expect(status).to.deep.include({ readyToUse: true, restoreSize: 8 * MIB, size: 8 * MIB, error: '' });
    expect(status?.creationTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await readFile(join(`${fileOf('snap')}.snapshots`, 'snap-s1.img'))).to.deep.equal(data);
  });

  it('makes a backup, says how far it is and never that it is complete, and adopts it when it is asked again', async () => {
    const data = Buffer.concat([randomBytes(6 * MIB), Buffer.alloc(10 * MIB)]);
    const { backup } = await rig.prepared('made', data);
    await rig.patchStatus(resources.backups, backup, { error: 'old', messages: { info: 'old' } });
    await done({ task: 'backup', object: backup });
    const { status } = (await rig.get<Backup>(resources.backups, backup)) ?? {};
    expect(status).to.deep.include({
      ...{ state: 'InProgress', progress: 99, error: '', messages: {} },
      ...{ volumeSize: String(16 * MIB), snapshotName: 'made-s1' },
    });
    expect(status?.bytesDone).to.equal(status?.bytesTotal);
    expect(status?.startedAt).to.match(/Z$/);
    expect(status?.inProgressConfig).to.not.equal('');
    await done({ task: 'backup', object: backup });
  });

  it('restores a backup whole, then what changed, then all of it where the data are not what was said', async () => {
    const first = Buffer.concat([randomBytes(8 * MIB), Buffer.alloc(2 * MIB), randomBytes(6 * MIB)]);
    const { backup } = await rig.prepared('source', first);
    await done({ task: 'backup', object: backup });
    const second = Buffer.concat([randomBytes(2 * MIB), first.subarray(2 * MIB, 12 * MIB), Buffer.alloc(4 * MIB)]);
    await writeFile(fileOf('source'), second);
    await done({ task: 'take-snapshot', object: await rig.snapshot('source-s2', 'source') });
    await done({ task: 'backup', object: await rig.backup('source-b2', 'source-s2') });

    const copy = await rig.volume('copy', { size: String(16 * MIB) });
    const whole = await restored(copy, { volume: 'source', backup: 'source-b1' });
    expect(whole).to.include({ restoreRun: '=>source-b1', restoreError: '', restoreProgress: 99 });
    expect((await readFile(fileOf('copy'))).equals(first)).to.equal(true);

    const changed = await restored(copy, { volume: 'source', backup: 'source-b2', base: 'source-b1' });
    expect(changed).to.include({ restoreRun: '=>source-b2', bytesTotal: String(6 * MIB) });
    expect((await readFile(fileOf('copy'))).equals(second)).to.equal(true);

    await rig.patchStatus(resources.volumes, copy, { restoreRun: 'source-b2>another' });
    const again = await restored(copy, { volume: 'source', backup: 'source-b1', base: 'source-b2' });
    expect(again?.bytesTotal).to.equal(String(16 * MIB));
    expect((await readFile(fileOf('copy'))).equals(first)).to.equal(true);
  });

  it('restores all of a backup whose base is not in the store any more, and into a larger volume', async () => {
    const data = randomBytes(8 * MIB);
    const { backup } = await rig.prepared('small', data);
    await done({ task: 'backup', object: backup });
    const larger = await rig.volume('larger', { size: String(12 * MIB) });
    await rig.patchStatus(resources.volumes, larger, { restoreRun: '=>gone' });
    await writeFile(fileOf('larger'), randomBytes(4 * MIB));
    await restored(larger, { volume: 'small', backup: 'small-b1', base: 'gone' });
    const wanted = Buffer.concat([data, Buffer.alloc(4 * MIB)]);
    expect((await readFile(fileOf('larger'))).equals(wanted)).to.equal(true);
  });

  it('removes the data of a deleted Snapshot, and of no other', async () => {
    const { snapshot, volume } = await rig.prepared('gone', randomBytes(2 * MIB));
    const file = join(`${fileOf('gone')}.snapshots`, 'gone-s1.img');
    const early = await rig.run({ task: 'remove-snapshot', object: snapshot });
    expect(early.exitCode, early.log).to.equal(moverExit.refused);
    expect(existsSync(file)).to.equal(true);

    await rig.deleteHeld(resources.snapshots, snapshot);
    await done({ task: 'remove-snapshot', object: snapshot });
    expect(existsSync(file)).to.equal(false);
    await done({ task: 'remove-snapshot', object: snapshot });
    await rig.kube.delete(resources.volumes, { namespace: rig.namespace, name: volume.metadata.name });
    await rm(fileOf('gone'));
    await done({ task: 'remove-snapshot', object: snapshot });
  });
});
