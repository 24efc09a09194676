import { expect } from 'chai';
import fc from 'fast-check';
import { MemoryStore } from '../backends/memory.ts';
import { isStoreError, StoreError } from '../errors.ts';
import { blockKey, storeChecksum, volumePrefix, VOLUMES_PREFIX } from '../layout.ts';
import type { ObjectStore } from '../store.ts';
import { scanStore, scanVolume, StoreScan } from './scan.ts';
import type { ScannedVolume } from './types.ts';
import { walkStore } from './walk.ts';

interface VolumeShape {
  readonly name: string;
  readonly backups: number;
  readonly blocks: number;
  readonly locks: number;
  readonly hasConfig: boolean;
}

const shape = fc.record({
  name: fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{1,30}$/),
  backups: fc.nat(6),
  blocks: fc.nat(40),
  locks: fc.nat(2),
  hasConfig: fc.boolean(),
});
const foreignKeys = fc.array(
  fc.constantFrom(
    `${VOLUMES_PREFIX}notes.txt`,
    `${VOLUMES_PREFIX}ab/notes.txt`,
    `${VOLUMES_PREFIX}zz/zz/_bad/volume.cfg`,
    `${VOLUMES_PREFIX}00/00/misplaced/volume.cfg`,
    `${VOLUMES_PREFIX}long-folder/x/y/z`,
    `${VOLUMES_PREFIX}é/é/ü`,
    `${volumePrefix('BACKINGIMAGE')}locks/lock-0123456789abcdef.lck`,
  ),
);

function fill(store: MemoryStore, volumes: readonly VolumeShape[]): void {
  for (const volume of volumes) {
    const prefix = volumePrefix(volume.name);
    if (volume.hasConfig) store.set(`${prefix}volume.cfg`);
    for (let n = 0; n < volume.backups; n++) store.set(`${prefix}backups/backup_b-${String(n)}.cfg`);
    for (let n = 0; n < volume.blocks; n++) store.set(blockKey(volume.name, storeChecksum(String(n))));
    for (let n = 0; n < volume.locks; n++) store.set(`${prefix}locks/lock-${String(n)}.lck`);
  }
}

async function scanAll(store: ObjectStore): Promise<Map<string, ScannedVolume>> {
  const found = new Map<string, ScannedVolume>();
  await scanStore(store, { onVolume: (volume) => void found.set(volume.name, volume) });
  return found;
}

async function walkAll(store: ObjectStore): Promise<Map<string, ScannedVolume>> {
  const found = new Map<string, ScannedVolume>();
  await walkStore(store, { onVolume: (volume) => void found.set(volume.name, volume) });
  return found;
}

function byName(volumes: Map<string, ScannedVolume>): ScannedVolume[] {
  return [...volumes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function many(count: number, shapeOf: (index: number) => Partial<VolumeShape>): VolumeShape[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ name: `pvc-${String(index)}`, backups: 1, blocks: 3, locks: 0, hasConfig: true },
    ...shapeOf(index),
  }));
}

describe('scanStore', () => {
  it('finds in any store what a walk folder by folder finds, at the first scan and at later ones', async () => {
    const stores = fc.tuple(
      fc.uniqueArray(shape, { selector: (v) => v.name, maxLength: 60 }),
      foreignKeys,
      fc.integer({ min: 1, max: 50 }),
    );
    await fc.assert(
      fc.asyncProperty(stores, async ([volumes, foreign, maxPage]) => {
        const store = new MemoryStore({ maxPage });
        fill(store, volumes);
        for (const key of foreign) store.set(key);
        const expected = byName(await walkAll(store));
        expect(byName(await scanAll(store))).to.deep.equal(expected);
        expect(byName(await scanAll(store))).to.deep.equal(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('finds what changed between two scans, wherever the ranges of the last one began', async () => {
    const stores = fc.tuple(
      fc.uniqueArray(shape, { selector: (v) => v.name, maxLength: 40 }),
      fc.uniqueArray(shape, { selector: (v) => v.name, maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(stores, async ([before, after, maxPage]) => {
        const store = new MemoryStore({ maxPage });
        fill(store, before);
        await scanAll(store);
        fill(store, after);
        for (const volume of before.slice(0, 5)) await store.delete([`${volumePrefix(volume.name)}volume.cfg`]);
        expect(byName(await scanAll(store))).to.deep.equal(byName(await walkAll(store)));
      }),
      { numRuns: 100 },
    );
  });

  it('goes on after any failed LIST without reporting a volume twice or losing one', async () => {
    const volumes = many(60, (index) => ({ blocks: index % 7, backups: index % 5 }));
    for (let failing = 0; failing < 40; failing++) {
      const store = new MemoryStore({ maxPage: 9 });
      fill(store, volumes);
      const found: string[] = [];
      const scan = new StoreScan(store, {
        onVolume: (volume) => void found.push(`${volume.name} ${volume.fingerprint}`),
      });
      let calls = 0;
      store.beforeCall = () => {
        if (calls++ === failing) throw new StoreError('Unavailable', { action: 'list' });
      };
      const first = await scan.run().catch((error: unknown) => error);
      if (first instanceof Error) expect(isStoreError(first, 'Unavailable')).to.equal(true);
      store.beforeCall = () => undefined;
      if (first instanceof Error) await scan.run();
      const expected = byName(await walkAll(store)).map((volume) => `${volume.name} ${volume.fingerprint}`);
      expect(found.sort()).to.deep.equal(expected.sort());
    }
  });

  it('does not lose a volume whose report failed', async () => {
    const store = new MemoryStore({ maxPage: 20 });
    fill(
      store,
      many(30, () => ({})),
    );
    const found: string[] = [];
    let failures = 3;
    const scan = new StoreScan(store, {
      onVolume: (volume) => {
        if (volume.name.endsWith('7') && failures-- > 0) throw new Error('not now');
        found.push(volume.name);
      },
    });
    for (let attempt = 0; attempt < 4; attempt++) await scan.run().catch(() => undefined);
    expect(found).to.have.length(30);
    expect(new Set(found)).to.have.property('size', 30);
  });

  it('needs about one LIST a volume where each has more blocks than a page holds, and no more at later scans', async () => {
    const volumes = many(60, () => ({ blocks: 60 }));
    const store = new MemoryStore({ maxPage: 50 });
    fill(store, volumes);
    const first = await scanStore(store, { onVolume: () => undefined });
    const second = await scanStore(store, { onVolume: () => undefined });
    expect(first).to.deep.include({ volumes: 60, backups: 60, method: 'flat' });
    expect(first.lists).to.be.at.most(60 + 8);
    expect(second.lists).to.be.at.most(60 + 1);
    expect(store.calls.list).to.equal(first.lists + second.lists);
  });

  it('needs far fewer LISTs than volumes where these are small', async () => {
    const store = new MemoryStore();
    fill(
      store,
      many(1000, () => ({ blocks: 4 })),
    );
    const first = await scanStore(store, { onVolume: () => undefined });
    const second = await scanStore(store, { onVolume: () => undefined });
    expect(first.volumes).to.equal(1000);
    expect(first.lists).to.be.at.most(40);
    expect(second.lists).to.be.at.most(first.lists);
  });

  it('walks folder by folder when the store does not list in byte order', async () => {
    const reversed = (a: string, b: string): number => (a < b ? 1 : -1);
    const store = new MemoryStore({ maxPage: 20, compare: reversed });
    fill(
      store,
      many(50, () => ({})),
    );
    const found = new Map<string, ScannedVolume>();
    const summary = await scanStore(store, { onVolume: (volume) => void found.set(volume.name, volume) });
    expect(summary.method).to.equal('walk');
    expect(found.size).to.equal(50);
    expect([...found.values()].every((volume) => volume.backups.length === 1 && volume.hasConfig)).to.equal(true);
  });

  it('walks folder by folder when the store ignores start-after', async () => {
    const store = new MemoryStore({ maxPage: 20, ignoresStartAfter: true });
    fill(
      store,
      many(50, () => ({})),
    );
    const summary = await scanStore(store, { onVolume: () => undefined });
    expect(summary).to.deep.include({ method: 'walk', volumes: 50, backups: 50 });
  });

  it('reports what does not belong there, and lets it hide nothing', async () => {
    const store = new MemoryStore();
    fill(
      store,
      many(2, () => ({})),
    );
    store.set(`${VOLUMES_PREFIX}ab/cd/_bad/volume.cfg`);
    store.set(`${VOLUMES_PREFIX}00/00/misplaced/volume.cfg`);
    store.set(`${VOLUMES_PREFIX}readme.txt`);
    store.set(`${volumePrefix('BACKINGIMAGE')}locks/lock-0.lck`);
    store.set(`${volumePrefix('pvc-0')}notes.txt`);
    store.set(`${volumePrefix('pvc-0')}backups/backup__x.cfg`);
    store.set(`${volumePrefix('pvc-0')}backups/backup_empty.cfg`, '');
    store.set(`${volumePrefix('pvc-0')}volume.cfg.tmp.1700000000000000000`);
    const found = new Map<string, ScannedVolume>();
    const summary = await scanStore(store, { onVolume: (volume) => void found.set(volume.name, volume) });
    expect([...found.keys()].sort()).to.deep.equal(['pvc-0', 'pvc-1']);
    expect(summary.issues.map((issue) => `${issue.code} ${issue.key}`).sort()).to.deep.equal([
      `InvalidName ${VOLUMES_PREFIX}ab/cd/_bad/`,
      `UnknownObject ${VOLUMES_PREFIX}readme.txt`,
      `WrongShard ${VOLUMES_PREFIX}00/00/misplaced/`,
    ]);
    expect(found.get('pvc-0')?.issues.map((issue) => issue.code)).to.have.members([
      'UnknownObject',
      'InvalidName',
      'EmptyObject',
    ]);
    expect(summary.issueCount).to.equal(6);
  });

  it('reports a volume without volume.cfg, and an empty store as empty', async () => {
    const store = new MemoryStore();
    expect(await scanStore(store, { onVolume: () => undefined })).to.deep.include({
      volumes: 0,
      lists: 1,
      issueCount: 0,
    });
    store.set(blockKey('pvc-a', storeChecksum('1')));
    const found = await scanAll(store);
    expect(found.get('pvc-a')).to.deep.include({ hasConfig: false, backups: [] });
  });
});

describe('a fingerprint', () => {
  it('is the same for the same objects and another for any change', async () => {
    const store = new MemoryStore();
    fill(
      store,
      many(1, () => ({ backups: 2 })),
    );
    const first = (await scanVolume(store, 'pvc-0'))?.fingerprint;
    expect((await scanVolume(store, 'pvc-0'))?.fingerprint).to.equal(first);
    store.set(`${volumePrefix('pvc-0')}locks/lock-1.lck`);
    expect((await scanVolume(store, 'pvc-0'))?.fingerprint).to.equal(first);
    store.set(`${volumePrefix('pvc-0')}volume.cfg`);
    const second = (await scanVolume(store, 'pvc-0'))?.fingerprint;
    expect(second).to.not.equal(first);
    await store.delete([`${volumePrefix('pvc-0')}backups/backup_b-0.cfg`]);
    expect((await scanVolume(store, 'pvc-0'))?.fingerprint).to.not.equal(second);
  });

  it('does not yet trust an mtime less than 5 s old where there are no ETags', async () => {
    const store = new MemoryStore({ capabilities: { etags: false } });
    store.set(`${volumePrefix('pvc-0')}volume.cfg`, 'x', 10_000);
    const at = async (nowMs: number): Promise<string | undefined> =>
      (await scanVolume(store, 'pvc-0', { now: () => nowMs }))?.fingerprint;
    expect(await at(12_000)).to.not.equal(await at(13_000));
    expect(await at(15_000)).to.equal(await at(99_000));
  });
});

describe('scanVolume', () => {
  it('finds more backups than a page holds, and skips blocks between them and volume.cfg', async () => {
    const store = new MemoryStore();
    fill(
      store,
      many(1, () => ({ backups: 2500, blocks: 5000 })),
    );
    const volume = await scanVolume(store, 'pvc-0');
    expect(volume?.backups).to.have.length(2500);
    expect(volume?.hasConfig).to.equal(true);
    expect(store.calls.list).to.be.at.most(6);
  });

  it('is undefined for a volume that is not there, also beside one whose name it begins', async () => {
    const store = new MemoryStore();
    fill(
      store,
      many(1, () => ({ name: 'pvc-longer' })),
    );
    expect(await scanVolume(store, 'pvc')).to.equal(undefined);
  });
});
