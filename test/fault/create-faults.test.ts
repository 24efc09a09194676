import {
  createBackup,
  isStoreError,
  StoreError,
  type CreateBackupOptions,
  type CreateBackupResult,
  type ObjectStore,
} from '@mooring/backupstore';
import { DataPathError, isDataPathError, type SnapshotReader } from '@mooring/datapath';
import { ManualClock } from '@mooring/testing';
import { expect } from 'chai';
import { MemoryStore } from '../../shared/backupstore/src/backends/memory.ts';
import { imageSource, type Image } from '../integration/image-source.ts';
import { contentOf, endStateOf, faults, FaultyStore, problemsOf, type Fault } from './create-store.ts';

const BLOCK_BYTES = 4096;
const VOLUME = 'vol-1';
const images: Record<string, Image> = {
  s1: ['a', 'b', 'c', null, 'd', 'a', null, 'e'],
  s2: ['a', 'b2', 'c', 'n1', 'd', 'n2', null, null, 'n3', 'n1'].slice(0, 8),
};

/** One volume with one backup, and a second one to be made. */
class Rig {
  readonly clock = new ManualClock();
  readonly store: MemoryStore;
  inProgress: string | undefined;

  constructor(epochMs = Date.now()) {
    this.store = new MemoryStore({ now: () => Math.floor((epochMs + this.clock.now()) / 1000) * 1000 });
  }

  async prepare(): Promise<void> {
    await this.create(this.store, { backup: 'backup-1', snapshot: 's1' });
    this.inProgress = undefined;
  }

  async create(
    store: ObjectStore,
    {
      backup,
      snapshot,
      ...more
    }: { backup: string; snapshot: string } & Partial<Omit<CreateBackupOptions, 'snapshot'>>,
  ): Promise<CreateBackupResult> {
    return await createBackup({
      ...{ store, backup, clock: this.clock, blockSizeBytes: BLOCK_BYTES, concurrency: 2 },
      source: imageSource({ images, blockBytes: BLOCK_BYTES }, snapshot),
      volume: { name: VOLUME },
      snapshot: { name: snapshot, createdAt: `2026-01-0${snapshot.slice(1)}T00:00:00Z` },
      labels: { of: snapshot },
      inProgress: this.inProgress,
      saveInProgress: async (mark) => {
        this.inProgress = mark;
        await Promise.resolve();
      },
      ...more,
    });
  }

  async second(store: ObjectStore = this.store, more: Partial<CreateBackupOptions> = {}): Promise<CreateBackupResult> {
    const { snapshot: _snapshot, ...rest } = more;
    return await this.create(store, { backup: 'backup-2', snapshot: 's2', ...rest });
  }

  async assertSound(what: string): Promise<void> {
    expect(await problemsOf(await contentOf(this.store), VOLUME, images), what).to.deep.equal([]);
  }
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (isStoreError(error) || isDataPathError(error)) return error.code;
    throw error;
  }
}

async function undisturbed(
  from: 'nothing' | 'a first backup',
): Promise<{ calls: string[]; end: Record<string, string> }> {
  const rig = new Rig();
  if (from === 'a first backup') await rig.prepare();
  const store = new FaultyStore(rig.store);
  await rig.second(store);
  return { calls: store.calls, end: endStateOf(await contentOf(rig.store)) };
}

for (const from of ['nothing', 'a first backup'] as const) {
  describe(`a backup that is made from ${from}`, () => {
    let expected: Awaited<ReturnType<typeof undisturbed>>;
    before(async () => {
      expected = await undisturbed(from);
    });

    for (const kind of faults) {
      it(`leaves a sound store and ends the same when it is made again, when any call meets '${kind}'`, async function () {
        this.timeout(60_000);
        // A few more than without faults: what is repeated may go wrong too.
        for (let at = 0; at < expected.calls.length + 2; at++) {
          const rig = new Rig();
          if (from === 'a first backup') await rig.prepare();
          const store = new FaultyStore(rig.store, { kind, at });
          const first = await (kind === 'hang' ? whileTimePasses(rig, store) : outcomeOf(rig.second(store)));
          const what = `call ${String(at)}, ${store.calls[at] ?? 'none'}: ${first}`;
          await turns();
          await rig.assertSound(what);
          await madeAgain(rig, { kind, what, expected: expected.end });
        }
      });
    }

    it('goes on where it was after any number of pauses', async function () {
      this.timeout(60_000);
      for (let at = 0; at < expected.calls.length; at++) {
        const rig = new Rig();
        if (from === 'a first backup') await rig.prepare();
        const store = new FaultyStore(rig.store);
        const pause = new AbortController();
        store.before = (index) => {
          if (index === at) pause.abort();
        };
        const first = await outcomeOf(rig.second(store, { signal: pause.signal }));
        expect(first, `call ${String(at)}`).to.be.oneOf(['Cancelled', 'ok']);
        await rig.assertSound(`call ${String(at)}`);
        expect([...(await contentOf(rig.store)).keys()].filter((key) => key.endsWith('.lck')).length).to.be.at.most(
          first === 'ok' ? 1 : 0,
        );
        await rig.second();
        expect(endStateOf(await contentOf(rig.store))).to.deep.equal(expected.end);
      }
    });

    it('sends again only what is missing', async () => {
      const rig = new Rig();
      if (from === 'a first backup') await rig.prepare();
      const lastBlock = expected.calls.findLastIndex((call) => call.startsWith('put') && call.endsWith('.blk'));
      await outcomeOf(rig.second(new FaultyStore(rig.store, { kind: 'stopAfter', at: lastBlock })));
      const again = new FaultyStore(rig.store);
      await rig.second(again);
      expect(again.calls.filter((call) => call.startsWith('put') && call.endsWith('.blk'))).to.deep.equal([]);
    });
  });
}

interface Again {
  readonly kind: Fault;
  readonly what: string;
  readonly expected: Record<string, string>;
}

async function madeAgain(rig: Rig, { kind, what, expected }: Again): Promise<void> {
  expect(await outcomeOf(rig.second()), what).to.equal('ok');
  await rig.assertSound(what);
  // A listing that hides blocks makes them be sent, and counted, again.
  const end = kind === 'short' ? withoutCounters : (state: Record<string, string>): Record<string, string> => state;
  expect(end(endStateOf(await contentOf(rig.store))), what).to.deep.equal(end(expected));
}

function withoutCounters(state: Record<string, string>): Record<string, string> {
  const counters = /"(BlockCount|NewlyUploadedDataSize)":"\d+"/g;
  return Object.fromEntries(Object.entries(state).map(([key, text]) => [key, text.replace(counters, '"$1":"N"')]));
}

// A lock that cannot be refreshed ends what hangs under it; the caller ends what hangs before.
async function whileTimePasses(rig: Rig, store: ObjectStore): Promise<string> {
  const pause = new AbortController();
  let outcome: string | undefined;
  const done = outcomeOf(rig.second(store, { signal: pause.signal })).then((result) => (outcome = result));
  for (let minute = 0; minute < 5; minute++) {
    await turns();
    if (outcome === undefined) await rig.clock.advance(60_000);
  }
  pause.abort();
  return await done;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('a backup whose source goes wrong', () => {
  for (const fault of ['becomes shorter', 'is written to', 'cannot be read'] as const) {
    it(`is not completed when that ${fault}, and can be made from a sound one`, async () => {
      const { end } = await undisturbed('a first backup');
      for (let at = 0; at < 4; at++) {
        const rig = new Rig();
        await rig.prepare();
        const source = brokenSource(fault, at);
        const code = fault === 'cannot be read' ? 'ReadFailed' : 'SourceChanged';
        expect(await outcomeOf(rig.second(rig.store, { source }))).to.equal(code);
        await rig.assertSound(fault);
        await rig.second();
        expect(endStateOf(await contentOf(rig.store))).to.deep.equal(end);
      }
    });
  }
});

function brokenSource(fault: 'becomes shorter' | 'is written to' | 'cannot be read', at: number): SnapshotReader {
  const sound = imageSource({ images, blockBytes: BLOCK_BYTES }, 's2');
  let reads = 0;
  return {
    ...sound,
    read: async (offset, length, buffer) => {
      if (fault !== 'is written to' && reads++ === at) throw sourceError(fault === 'cannot be read');
      await sound.read(offset, length, buffer);
    },
    assertUnchanged: async () => {
      await Promise.resolve();
      if (fault === 'is written to') throw sourceError(false);
    },
  };
}

function sourceError(isReadError: boolean): DataPathError {
  return new DataPathError(isReadError ? 'ReadFailed' : 'SourceChanged', { action: 'read the volume' });
}

describe('a backup while the store is full', () => {
  it('fails as long as that lasts, wherever it begins, and then goes on', async () => {
    const { calls, end } = await undisturbed('a first backup');
    for (let at = 0; at < calls.length; at++) {
      const rig = new Rig();
      await rig.prepare();
      let seen = 0;
      rig.store.beforeCall = (operation) => {
        if (seen++ >= at && operation === 'put') {
          throw new StoreError('Unavailable', { action: 'write', detail: 'no space is left' });
        }
      };
      const first = await outcomeOf(rig.second());
      expect(first).to.be.oneOf(['Unavailable', 'ok']);
      rig.store.beforeCall = () => undefined;
      await rig.assertSound(`call ${String(at)}`);
      await rig.second();
      expect(endStateOf(await contentOf(rig.store))).to.deep.equal(end);
    }
  });
});

describe('two movers at once', () => {
  it('make two backups of one volume, each sound, and count all blocks', async () => {
    const rig = new Rig();
    await rig.prepare();
    const results = await Promise.all([
      rig.create(rig.store, { backup: 'backup-2', snapshot: 's2' }),
      rig.create(rig.store, { backup: 'backup-3', snapshot: 's2', mode: 'full' }),
    ]);
    expect(results.map(({ outcome }) => outcome)).to.deep.equal(['created', 'created']);
    await rig.assertSound('two backups');
  });

  it('make one backup when it has the same name, whoever is first at which call', async () => {
    const { calls } = await undisturbed('a first backup');
    for (let at = 0; at < calls.length; at++) {
      const rig = new Rig();
      await rig.prepare();
      const store = new FaultyStore(rig.store);
      let second: Promise<string> | undefined;
      store.before = async (index) => {
        if (index !== at) return;
        second = outcomeOf(createAlone(rig));
        await second;
      };
      const first = await outcomeOf(rig.second(store));
      const outcomes = [first, await second];
      expect(outcomes, `call ${String(at)}`).to.include('ok');
      for (const outcome of outcomes) expect(outcome).to.be.oneOf(['ok', 'BackupInProgress']);
      await rig.assertSound(`call ${String(at)}`);
    }
  });

  it('make one backup, when the first was only thought dead and is started again', async () => {
    const { calls, end } = await undisturbed('a first backup');
    for (let at = 0; at < calls.length; at++) {
      const rig = new Rig();
      await rig.prepare();
      const store = new FaultyStore(rig.store);
      let second: Promise<string> | undefined;
      store.before = async (index) => {
        if (index !== at) return;
        second = outcomeOf(rig.second());
        await second;
      };
      const first = await outcomeOf(rig.second(store));
      expect(first, `call ${String(at)}`).to.be.oneOf(['ok', 'BackupInProgress']);
      // It may come before the first has saved that it has begun.
      expect(await second).to.be.oneOf(['ok', 'BackupInProgress']);
      expect([first, await second]).to.include('ok');
      await rig.assertSound(`call ${String(at)}`);
      const content = endStateOf(await contentOf(rig.store));
      expect(Object.keys(content)).to.deep.equal(Object.keys(end));
    }
  });
});

// A mover that knows nothing of the other.
async function createAlone(rig: Rig): Promise<CreateBackupResult> {
  return await rig.second(rig.store, { inProgress: undefined, saveInProgress: undefined });
}

describe('a foreign writer at once', () => {
  const theirs = Buffer.from(
    '{"Name":"backup-2","VolumeName":"vol-1","SnapshotName":"theirs","SnapshotCreatedAt":"2026-01-02T00:00:00Z",' +
      '"CreatedTime":"2026-01-02T00:00:01Z","Size":"0","Labels":null,"Parameters":{"backup-block-size":"4096"},' +
      '"IsIncremental":false,"CompressionMethod":"lz4","NewlyUploadedDataSize":"0","ReUploadedDataSize":"0",' +
      '"ProcessingBlocks":{},"SingleFile":{"FilePath":""}}',
  );
  const key = 'backups/backup_backup-2.cfg';

  it('is never overwritten: its completed backup of the same name stays, at whatever call it comes', async () => {
    const { calls } = await undisturbed('a first backup');
    const commit = calls.findLastIndex((call) => call === `put ${calls.find((text) => text.endsWith(key))!.slice(4)}`);
    for (let at = 0; at <= commit; at++) {
      const rig = new Rig();
      await rig.prepare();
      const store = new FaultyStore(rig.store);
      const fullKey = calls.find((text) => text.endsWith(key))!.slice(4);
      store.before = (index) => {
        if (index === at) rig.store.set(fullKey, theirs);
      };
      expect(await outcomeOf(rig.second(store)), `call ${String(at)}`).to.be.oneOf([
        'BackupExists',
        'BackupInProgress',
      ]);
      expect((await rig.store.get({ key: fullKey })).body.toString(), `call ${String(at)}`).to.equal(theirs.toString());
    }
  });

  it('that removes a block which the base has is noticed by the listing: the block is sent again', async () => {
    const rig = new Rig();
    await rig.prepare();
    const blocks = [...(await contentOf(rig.store)).keys()].filter((name) => name.endsWith('.blk'));
    for (const block of blocks) {
      const again = new Rig();
      await again.prepare();
      await again.store.delete([block]);
      await again.second();
      // The first backup is broken by it, the second is whole.
      const problems = await problemsOf(await contentOf(again.store), VOLUME, images);
      expect(problems.filter((problem) => problem.includes('backup-2'))).to.deep.equal([]);
    }
  });

  it('that leaves an in-progress backup of the same name is respected for a day, and then cleared', async () => {
    const rig = new Rig();
    await rig.prepare();
    await outcomeOf(rig.second(new FaultyStore(rig.store, { kind: 'stop', at: 20 })));
    rig.inProgress = undefined;
    expect(await outcomeOf(rig.second())).to.equal('BackupInProgress');
    await rig.clock.advance(23 * 3600 * 1000);
    expect(await outcomeOf(rig.second())).to.equal('BackupInProgress');
    await rig.clock.advance(2 * 3600 * 1000);
    const logs: string[] = [];
    expect(await outcomeOf(rig.second(rig.store, { log: (line) => logs.push(line) }))).to.equal('ok');
    expect(logs).to.include("in-progress backup 'backup-2', given up more than 24 hours ago, was cleared");
    await rig.assertSound('cleared');
  });
});

describe('a backup on a store whose clock is wrong', () => {
  for (const skewMs of [-600_000, 600_000]) {
    it(`ends the same at ${String(skewMs / 60_000)} minutes`, async () => {
      const { end } = await undisturbed('a first backup');
      const rig = new Rig(Date.now() + skewMs);
      await rig.prepare();
      await rig.second();
      expect(endStateOf(await contentOf(rig.store))).to.deep.equal(end);
      const config = (await contentOf(rig.store)).get(Object.keys(end).find((name) => name.endsWith('backup-2.cfg'))!)!;
      const created = Date.parse(/"CreatedTime":"([^"]+)"/.exec(config.toString())![1]!);
      expect(Math.abs(created - (Date.now() + skewMs))).to.be.lessThan(300_000);
    });
  }
});

describe('what a full backup does while it waits for its lock', () => {
  it('is to read, hash and compress the first blocks; nothing but the lock is written', async () => {
    const rig = new Rig();
    const store = new FaultyStore(rig.store);
    const reads: number[] = [];
    const sound = imageSource({ images, blockBytes: BLOCK_BYTES }, 's2');
    const source: SnapshotReader = {
      ...sound,
      read: async (offset, length, buffer) => {
        reads.push(store.calls.length);
        await sound.read(offset, length, buffer);
      },
    };
    await rig.second(store, { source });
    const listed = store.calls.findIndex((call) => call.startsWith('list'));
    // Two blocks at once, and two more ready; all eight are read once, but for zeros, which may have been a hole.
    expect(reads.filter((at) => at <= listed)).to.have.length(4);
    expect(reads.length).to.be.at.most(9);
    const early = store.calls.slice(0, listed).filter((call) => !call.includes('/locks/'));
    expect(early.map((call) => call.split('/').at(-1))).to.deep.equal(['volume.cfg']);
    expect(early[0]).to.match(/^get /);
    await rig.assertSound('early');
  });

  it('counts for nothing when the volume has come to be compressed in another way', async () => {
    const rig = new Rig();
    const other = new Rig();
    await other.create(other.store, { backup: 'backup-0', snapshot: 's1', compression: 'gzip' });
    const [key, body] = [...(await contentOf(other.store))].find(([name]) => name.endsWith('volume.cfg'))!;
    const store = new FaultyStore(rig.store);
    store.before = (index) => {
      if (store.calls[index]?.startsWith('list') === true) rig.store.set(key, body);
    };
    const { config } = await rig.second(store);
    expect(config.compressionMethod).to.equal('gzip');
    await rig.assertSound('gzip');
  });
});
