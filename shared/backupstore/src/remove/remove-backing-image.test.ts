import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { BACKING_IMAGES_ROOT } from '../layout.ts';
import { openStore } from '../open-store.ts';
import { systemStoreClock } from '../wrappers/invoke.ts';
import { removeBackingImage } from './remove-backing-image.ts';

const HOUR_MS = 3600 * 1000;

// Only the lock protocol's fixed wait passes at once.
const clock: typeof systemStoreClock = {
  ...systemStoreClock,
  sleep: async (ms, signal) => {
    if (ms > 2000) await systemStoreClock.sleep(ms, signal);
  },
};

describe('removeBackingImage', () => {
  it('sweeps what killed writes have left among the backing images over a day ago, and nothing that may still be written', async () => {
    const root = await temporaryFolder('pool');
    const leave = async (name: string, ageMs: number): Promise<void> => {
      const path = join(root, BACKING_IMAGES_ROOT, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, 'half');
      const seconds = (Date.now() - ageMs) / 1000;
      await utimes(path, seconds, seconds);
    };
    await leave('blocks/00/11/old.blk.tmp.1700000000000000000', 25 * HOUR_MS);
    await leave('blocks/22/33/new.blk.tmp.1700000000000000001', 23 * HOUR_MS);
    await leave('backing-images/gone/backing-image.cfg.tmp.1700000000000000002', 25 * HOUR_MS);
    const store = await openStore({ url: `vfs://${root}` });
    await removeBackingImage({ store, name: 'gone', clock });
    store.close();
    const left = await readdir(join(root, BACKING_IMAGES_ROOT), { recursive: true });
    expect(left.filter((name) => name.includes('.tmp.'))).to.deep.equal([
      'blocks/22/33/new.blk.tmp.1700000000000000001',
    ]);
  });
});
