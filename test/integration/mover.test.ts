import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, moverExit, resources, type Snapshot } from '@mooring/api';
import { expect } from 'chai';
import { createMoverRig, type MoverRig } from './mover-process.ts';

const MIB = 1024 * 1024;

describe('A run of the mover', function () {
  this.timeout(120_000);

  let rig: MoverRig;
  before(async () => {
    rig = await createMoverRig();
  });

  it('takes a snapshot, and makes a backup of it', async () => {
    const data = randomBytes(8 * MIB);
    const volume = await rig.volume('first');
    await writeFile(join(rig.folder, 'first.img'), data);
    const snapshot = await rig.snapshot('first-s1', volume.metadata.name);
    const taken = await rig.run({ task: 'take-snapshot', object: snapshot });
    expect(taken, taken.log).to.include({ exitCode: moverExit.done });
    const { status } = (await rig.get<Snapshot>(resources.snapshots, snapshot)) ?? {};
    expect(status).to.deep.include({ readyToUse: true, restoreSize: 8 * MIB, size: 8 * MIB, error: '' });

    const backup = await rig.backup('first-b1', 'first-s1', { labels: { why: 'test' } });
    const made = await rig.run({ task: 'backup', object: backup });
    expect(made, made.log).to.include({ exitCode: moverExit.done });
    const after = await rig.get<Backup>(resources.backups, backup);
    expect(after?.status).to.deep.include({ state: 'InProgress', progress: 99, bytesDone: String(8 * MIB) });
    expect(await readFile(join(rig.folder, 'first.img'))).to.deep.equal(data);
  });
});
