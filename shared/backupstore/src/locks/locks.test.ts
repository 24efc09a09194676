import { ManualClock } from '@mooring/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { MemoryStore } from '../backends/memory.ts';
import { isStoreError, StoreError, type StoreErrorCode } from '../errors.ts';
import { encodeLock } from '../format/lock.ts';
import type { PutOptions, PutResult } from '../store.ts';
import { findBlocker, type SeenLock } from './judge.ts';
import { isOwnLockName, newLockName } from './names.ts';
import type { HeldLock, LockOptions, LockType, LockWait } from './types.ts';
import { withLock } from './with-lock.ts';

const FOLDER = 'backupstore/volumes/df/b5/testvol/locks/';
// The store's clock is ten minutes behind this machine's.
const STORE_EPOCH_MS = Date.now() - 600_000;

class Rig {
  readonly clock: ManualClock;
  readonly store: MemoryStore;
  readonly waits: LockWait[] = [];
  readonly logs: string[] = [];
  readonly abort = new AbortController();

  constructor(options: { autoMs?: number } = {}) {
    this.clock = new ManualClock(options);
    this.store = new MemoryStore({ now: this.storeNow });
  }

  // Whole seconds, as the Last-Modified of S3.
  readonly storeNow = (): number => Math.floor((STORE_EPOCH_MS + this.clock.now()) / 1000) * 1000;

  options(type: LockType): LockOptions {
    return {
      ...{ store: this.store, volume: 'testvol', type, clock: this.clock, signal: this.abort.signal },
      log: (message) => this.logs.push(message),
      onWaiting: (wait) => this.waits.push(wait),
    };
  }

  async take<T>(type: LockType, work: (lock: HeldLock) => Promise<T>): Promise<T> {
    return await withLock(this.options(type), work);
  }

  foreign(lock: Partial<SeenLock> & { ageMs: number }): void {
    const { name = 'lock-00000000000000aa', type = 2, acquired = true, ageMs } = lock;
    this.store.set(`${FOLDER}${name}.lck`, encodeLock({ name, type, acquired }), this.storeNow() - ageMs);
  }

  async files(): Promise<string[]> {
    const { objects } = await this.store.list({ prefix: FOLDER });
    return objects.map(({ key }) => key.slice(FOLDER.length));
  }
}

async function codeOf(work: Promise<unknown>): Promise<StoreErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isStoreError(error)) return error.code;
    throw error;
  }
}

describe('who comes first among locks', () => {
  const now = 1_000_000;
  const own: SeenLock = { name: 'lock-5', type: 1, acquired: false, mtimeMs: now - 2000 };
  const rows: [string, Partial<SeenLock>, boolean][] = [
    ['an acquired lock of the other type', { acquired: true }, true],
    ['an acquired one, though it is younger', { acquired: true, mtimeMs: now }, true],
    ['one that only waits, when it is older', { mtimeMs: now - 3000 }, true],
    ['one that only waits, when it is younger', { mtimeMs: now - 1000 }, false],
    ['one of the same moment with a smaller name', { name: 'lock-4' }, true],
    ['one of the same moment with a greater name', { name: 'lock-6' }, false],
    ['one of the same type', { type: 1, acquired: true }, false],
    ['one without type', { type: 0, acquired: true }, true],
    ['one written 150 s ago', { acquired: true, mtimeMs: now - 150_000 }, true],
    ['one written more than 150 s ago', { acquired: true, mtimeMs: now - 150_001 }, false],
    ['one whose time lies in the future', { acquired: true, mtimeMs: now + 600_000 }, true],
  ];
  for (const [what, other, blocks] of rows) {
    it(`${what} ${blocks ? 'blocks' : 'does not block'}`, () => {
      const seen: SeenLock = { name: 'lock-9', type: 2, acquired: false, mtimeMs: own.mtimeMs, ...other };
      expect(findBlocker(own, [own, seen], now)?.name).to.equal(blocks ? seen.name : undefined);
    });
  }

  it('is one of them, whoever asks: no two of different types both go ahead', () => {
    const lock = fc.record({
      ...{ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), type: fc.constantFrom(1, 2) },
      ...{ acquired: fc.constant(false), mtimeMs: fc.integer({ min: now - 5, max: now }) },
    });
    fc.assert(
      fc.property(fc.uniqueArray(lock, { selector: ({ name }) => name, minLength: 1 }), (locks) => {
        const winners = locks.filter((one) => findBlocker(one, locks, now) === undefined);
        expect(new Set(winners.map(({ type }) => type)).size).to.equal(1);
      }),
    );
  });
});

describe('a lock', () => {
  it('is on the wire what Longhorn writes: a file not acquired, two seconds, LIST, the file acquired', async () => {
    const rig = new Rig();
    const calls: string[] = [];
    rig.store.beforeCall = (operation) => calls.push(`${operation} ${String(rig.clock.now() - 1000)}`);
    await rig.take(1, async (lock) => {
      expect(lock.name).to.match(/^lock-[0-9a-f]{16}$/);
      const { body } = await rig.store.get({ key: lock.key });
      expect(body.toString()).to.equal(`{"Name":"${lock.name}","Type":1,"Acquired":true}`);
    });
    expect(calls).to.deep.equal([
      ...['put 0', 'head 0', 'list 2000', 'put 2000', 'head 2000', 'get 2000', 'delete 2000'],
    ]);
    expect(await rig.files()).to.deep.equal([]);
  });

  it('gives way to one that came while it was being taken, when that took longer than the two seconds that the other waits', async () => {
    for (const [slowMs, gives] of [
      [1_999, false],
      [2_000, true],
    ] as const) {
      const rig = new Rig();
      let puts = 0;
      rig.store.beforeCall = (operation) => {
        if (operation !== 'put' || ++puts !== 2) return;
        // It looked at the others already; now its second write takes its time.
        rig.foreign({ ageMs: 0, acquired: false });
        void rig.clock.advance(slowMs);
        if (gives) rig.foreign({ ageMs: 0 });
      };
      let ran = false;
      const taken = rig.take(1, async () => {
        ran = true;
      });
      await rig.clock.advance(0);
      expect(ran).to.equal(!gives);
      expect(rig.waits).to.have.length(gives ? 1 : 0);
      await rig.store.delete([`${FOLDER}lock-00000000000000aa.lck`]);
      await rig.clock.advance(10_000);
      await taken;
      expect(await rig.files()).to.deep.equal([]);
    }
  });

  it('coexists with others of its type', async () => {
    const rig = new Rig();
    await rig.take(1, async () => {
      await rig.take(1, async () => {
        expect(await rig.files()).to.have.length(2);
      });
    });
    expect(rig.waits).to.deep.equal([]);
  });

  it('waits for a live one of the other type without a file of its own, says why, and goes on when that is gone', async () => {
    const rig = new Rig();
    rig.foreign({ ageMs: 149_000 });
    let ran = false;
    const taken = rig.take(1, async () => {
      ran = true;
    });
    for (let n = 0; n < 20; n++) {
      rig.foreign({ ageMs: 0 });
      await rig.clock.advance(60_000);
      if (n > 0) expect(await rig.files()).to.deep.equal(['lock-00000000000000aa.lck']);
    }
    expect(ran).to.equal(false);
    expect(rig.waits).to.deep.equal([
      {
        reason: "waiting for a deletion of the same volume, which holds 'lock-00000000000000aa' in the store",
        blockedBy: 'lock-00000000000000aa',
        type: 2,
      },
    ]);
    await rig.store.delete([`${FOLDER}lock-00000000000000aa.lck`]);
    await rig.clock.advance(10_000);
    await taken;
    expect(ran).to.equal(true);
  });

  it('ignores an expired foreign one, and leaves it where it is', async () => {
    const rig = new Rig();
    rig.foreign({ ageMs: 151_000 });
    await rig.take(1, async () => Promise.resolve());
    expect(rig.waits).to.deep.equal([]);
    expect(await rig.files()).to.deep.equal(['lock-00000000000000aa.lck']);
  });

  it('takes over from one that expires while it waits, though that was never removed', async () => {
    const rig = new Rig({ autoMs: 5_000 });
    rig.foreign({ ageMs: 0 });
    const startMs = rig.clock.now();
    await rig.take(1, async () => Promise.resolve());
    expect(rig.clock.now() - startMs).to.be.within(150_000, 170_000);
  });

  it('removes expired ones that a killed Mooring left, and no others', async () => {
    const rig = new Rig();
    const [old, young] = [newLockName(), newLockName()];
    rig.foreign({ name: old, ageMs: 151_000 });
    rig.foreign({ name: young, type: 1, ageMs: 100_000 });
    rig.foreign({ name: 'lock-00000000000000bb', ageMs: 500_000 });
    await rig.take(1, async () => Promise.resolve());
    expect(await rig.files()).to.have.members([`${young}.lck`, 'lock-00000000000000bb.lck']);
    expect(rig.logs).to.deep.equal([`expired lock '${old}' of an earlier run was removed`]);
  });

  it('passes over files that are no locks, with a line in the log', async () => {
    const rig = new Rig();
    for (const [name, body] of Object.entries({ 'lock-1.lck': '', 'lock-2.lck': '{"Type":"x"}', 'x.tmp.12': '{}' })) {
      rig.store.set(`${FOLDER}${name}`, body);
    }
    await rig.take(2, async () => Promise.resolve());
    expect(rig.logs).to.have.length(2);
  });

  it('tells the time of the store, not of this machine', async () => {
    const rig = new Rig();
    await rig.take(1, async (lock) => {
      await rig.clock.advance(30_000);
      expect(Math.abs(lock.storeNowMs() - rig.storeNow())).to.be.at.most(2000);
      expect(Math.abs(lock.storeNowMs() - Date.now())).to.be.greaterThan(300_000);
    });
  });

  it('is refreshed every minute, as long as the work takes', async () => {
    const rig = new Rig();
    await rig.take(1, async (lock) => {
      for (let minute = 0; minute < 30; minute++) await rig.clock.advance(60_000);
      lock.assertHeld();
      expect(rig.storeNow() - (await rig.store.head({ key: lock.key })).mtimeMs).to.be.at.most(60_000);
    });
    const { put } = rig.store.calls;
    await rig.clock.advance(600_000);
    expect(rig.store.calls.put, 'writes after its end').to.equal(put);
  });

  for (const fault of ['fails', 'hangs'] as const) {
    it(`is lost 100 s after its last write when the store ${fault}, and never written again`, async () => {
      const rig = new Rig();
      let isAway = false;
      rig.store.beforeCall = () => {
        if (isAway) throw new StoreError('Unavailable', { action: 'x' });
      };
      if (fault === 'hangs') hangWhen(rig.store, () => isAway);
      await rig.take(1, async (lock) => {
        isAway = true;
        await rig.clock.advance(98_000);
        lock.assertHeld();
        await rig.clock.advance(3_000);
        expect(lock.lost.aborted).to.equal(true);
        isAway = false;
        const { put } = rig.store.calls;
        await rig.clock.advance(600_000);
        expect(rig.store.calls.put).to.equal(put);
        expect(() => {
          lock.assertHeld();
        }).to.throw(StoreError, 'failed to keep lock');
      });
    });
  }

  it('survives an outage of the store that is shorter', async () => {
    const rig = new Rig();
    let isAway = false;
    rig.store.beforeCall = () => {
      if (isAway) throw new StoreError('Unavailable', { action: 'x' });
    };
    await rig.take(1, async (lock) => {
      isAway = true;
      await rig.clock.advance(90_000);
      isAway = false;
      await rig.clock.advance(300_000);
      lock.assertHeld();
    });
  });

  it('is lost when somebody removes its file, and does not come back', async () => {
    const rig = new Rig();
    await rig.take(1, async (lock) => {
      await rig.store.delete([lock.key]);
      await rig.clock.advance(60_000);
      expect(lock.lost.aborted).to.equal(true);
      await rig.clock.advance(600_000);
      expect(await rig.files()).to.deep.equal([]);
    });
  });

  it('is lost when the store shows that more time has passed than the machine noticed', async () => {
    const rig = new Rig();
    await rig.take(1, async (lock) => {
      const put = rig.store.put.bind(rig.store);
      rig.store.put = async (options: PutOptions): Promise<PutResult> => {
        const result = await put(options);
        rig.store.set(options.key, options.body, rig.storeNow() + 400_000);
        return result;
      };
      await rig.clock.advance(60_000);
      expect(lock.lost.aborted).to.equal(true);
    });
  });

  it('gives up waiting when it is told to, and leaves nothing behind', async () => {
    const rig = new Rig();
    rig.foreign({ ageMs: 0, mtimeMs: 0 });
    const taken = codeOf(rig.take(1, async () => Promise.resolve()));
    await rig.clock.advance(20_000);
    rig.abort.abort();
    expect(await taken).to.equal('Cancelled');
    expect(await rig.files()).to.deep.equal(['lock-00000000000000aa.lck']);
  });

  it('leaves no file behind when a call fails while it is taken, whichever', async () => {
    for (let failing = 0; failing < 6; failing++) {
      const rig = new Rig();
      let call = 0;
      rig.store.beforeCall = () => {
        if (call++ === failing) throw new StoreError('AccessDenied', { action: 'x' });
      };
      expect(await codeOf(rig.take(1, async () => Promise.resolve()))).to.equal(
        failing < 5 ? 'AccessDenied' : undefined,
      );
      rig.store.beforeCall = () => undefined;
      // The sixth is the DELETE of its end: the file stays, and expires.
      expect(await rig.files(), String(failing)).to.have.length(failing < 5 ? 0 : 1);
    }
  });

  it('ends with LockLost when the store says that it writes and does not', async () => {
    const rig = new Rig();
    rig.store.put = async () => Promise.resolve({});
    expect(await codeOf(rig.take(1, async () => Promise.resolve()))).to.equal('LockLost');
  });
});

describe('the name of a lock', () => {
  it('tells our own from those of Longhorn', () => {
    for (let n = 0; n < 100; n++) expect(isOwnLockName(newLockName())).to.equal(true);
    for (const name of ['lock-00000000000000aa', 'lock-0123456789abcdef', 'lock-', '']) {
      expect(isOwnLockName(name), name).to.equal(false);
    }
  });
});

function hangWhen(store: MemoryStore, isHanging: () => boolean): void {
  const head = store.head.bind(store);
  store.beforeCall = () => undefined;
  store.head = async (options) => {
    if (isHanging()) return await new Promise(() => undefined);
    return await head(options);
  };
}
