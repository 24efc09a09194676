import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatIdentity, identify } from './process-identity.ts';
import { LockHeldError, takeLock, waitForLock } from './process-lock.ts';

/** A pid that no process has: above Linux's limit. */
const DEAD = '4194399 17\n';

describe('takeLock', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes who holds it and gives it back', async () => {
    const lock = await takeLock(path);
    expect(await readFile(path, 'utf8')).to.equal(formatIdentity(identify(process.pid)));
    await lock.release();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('refuses a lock that a live process holds, and names that process', async () => {
    await takeLock(path);
    const failure = await takeLock(path).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(LockHeldError);
    expect((failure as LockHeldError).holder.pid).to.equal(process.pid);
  });

  for (const [what, content] of [
    ['a dead process', DEAD],
    ['an earlier process with our pid', `${String(process.pid)} 17\n`],
    ['nobody knows whom (cut short)', '12'],
    ['nobody (empty)', ''],
  ] as const) {
    it(`takes over the lock of ${what} and says so`, async () => {
      await writeFile(path, content);
      let told = 0;
      await takeLock(path, () => (told += 1));
      expect(told).to.equal(1);
      expect(await readFile(path, 'utf8')).to.equal(formatIdentity(identify(process.pid)));
    });
  }

  it('lets exactly one of many take over a stale lock', async () => {
    await writeFile(path, DEAD);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => takeLock(path)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(await readdir(folder)).to.deep.equal(['lock']);
  });

  it('waits for a live holder, and is told once whom it waits for', async () => {
    const first = await takeLock(path);
    const told: number[] = [];
    const waiting = waitForLock(path, ({ pid }) => {
      told.push(pid);
      void first.release();
    });
    await (await waiting).release();
    expect(told).to.deep.equal([process.pid]);
  });
});
