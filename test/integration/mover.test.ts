import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, moverExit, resources, type Snapshot } from '@mooring/api';
import { expect } from 'chai';
import { createMoverSetup, type MoverSetup } from './mover-setup.ts';

const MIB = 1024 * 1024;

describe('A run of the mover', function () {
  this.timeout(120_000);

  let setup: MoverSetup;
  before(async () => {
    setup = await createMoverSetup();
  });

  it('takes a snapshot, and makes a backup of it', async () => {
    const data = randomBytes(8 * MIB);
    const volume = await setup.volume('first');
    await writeFile(join(setup.folder, 'first.img'), data);
    const snapshot = await setup.snapshot('first-s1', volume.metadata.name);
    const taken = await setup.run({ task: 'take-snapshot', object: snapshot });
    expect(taken, taken.log).to.include({ exitCode: moverExit.done });
    const { status } = (await setup.get<Snapshot>(resources.snapshots, snapshot)) ?? {};
    expect(status).to.deep.include({ readyToUse: true, restoreSize: 8 * MIB, size: 8 * MIB, error: '' });

    const backup = await setup.backup('first-b1', 'first-s1', { labels: { why: 'test' } });
    const made = await setup.run({ task: 'backup', object: backup });
    expect(made, made.log).to.include({ exitCode: moverExit.done });
    const after = await setup.get<Backup>(resources.backups, backup);
    expect(after?.status).to.deep.include({ state: 'InProgress', progress: 99, bytesDone: String(8 * MIB) });
    expect(await readFile(join(setup.folder, 'first.img'))).to.deep.equal(data);
  });
});
