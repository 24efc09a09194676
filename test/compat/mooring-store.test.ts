import { createHash } from 'node:crypto';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import {
  compressionMethods,
  createBackingImage,
  createBackup,
  openStore,
  readVolumeConfig,
  removeBackingImage,
  removeBackup,
  removeVolume,
  restoreBackup,
  restoreIncremental,
  verifyBackup,
  type BackupMode,
  type CompressionMethod,
  type ObjectStore,
} from '@mooring/backupstore';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { blockOf, imageSource, type Image } from '../integration/image-source.ts';
import { ImageDestination } from './image-destination.ts';
import { immediateClock } from './immediate-clock.ts';
import { readStrictly } from './reader.ts';

const MIB = 1024 * 1024;
const VOLUME = 'pvc-a.b';
const LABELS = { KubernetesStatus: '{"pvName":"a<b>&c"}', é: '\u2028' };
const clock = immediateClock();

// Shared, repeated, changed, new and vanished blocks.
const allImages: Readonly<Record<string, Image>> = {
  s1: ['a', 'b', 'a', null, 'c', 'd'],
  s2: ['a', 'x', 'a', null, null, 'd'],
  s3: ['y', 'x', 'a', 'n', null, 'd'],
  s4: ['y', 'b', 'a', 'n', 'z', 'd'],
};
const sequence: readonly [backup: string, snapshot: string, mode?: BackupMode][] = [
  ['backup-1', 's1', 'full'],
  ['backup-2', 's2'],
  ['backup-3', 's3'],
  ['backup-4', 's4'],
  ['backup-5', 's4', 'full'],
];
const deletions = ['backup-1', 'backup-3', 'backup-5'];

// Four blocks of 16 MiB have all of it but a new block behind a hole.
function imagesOf(blockBytes: number): Readonly<Record<string, Image>> {
  const count = blockBytes > 2 * MIB ? 4 : 6;
  return Object.fromEntries(Object.entries(allImages).map(([name, image]) => [name, image.slice(0, count)]));
}

interface Case {
  readonly compression: CompressionMethod;
  readonly blockBytes: number;
}

function digestOf(snapshot: string, blockBytes: number): string {
  const hash = createHash('sha256');
  for (const seed of imagesOf(blockBytes)[snapshot] ?? []) hash.update(Buffer.alloc(blockBytes, blockOf(seed)));
  return hash.digest('hex');
}

async function make(
  store: ObjectStore,
  [backup, snapshot, mode]: (typeof sequence)[number],
  shape: Case,
): Promise<void> {
  const { compression, blockBytes } = shape;
  await createBackup({
    ...{ store, backup, mode, compression, blockSizeBytes: blockBytes, clock, labels: LABELS },
    source: imageSource({ images: imagesOf(blockBytes), blockBytes, knows: snapshot !== 's3' }, snapshot),
    volume: { name: VOLUME },
    snapshot: { name: snapshot, createdAt: `2026-01-0${snapshot.slice(1)}T00:00:00Z` },
  });
}

describe('a store that Mooring writes', function () {
  this.timeout(180_000);
  let root: string;
  let store: ObjectStore;
  beforeEach(async () => {
    root = await temporaryFolder('mooring-store');
    store = await openStore({ url: `vfs://${root}` });
  });

  async function expectStrict(backups: readonly (typeof sequence)[number][], { blockBytes }: Case): Promise<void> {
    const report = await readStrictly(root);
    expect(report.problems).to.deep.equal([]);
    const expected = backups.map(([backup, snapshot]): [string, string] => [backup, digestOf(snapshot, blockBytes)]);
    expect(report.volumes[VOLUME]).to.deep.equal(Object.fromEntries(expected));
  }

  for (const compression of compressionMethods) {
    for (const blockBytes of [2 * MIB, 16 * MIB]) {
      const shape = { compression, blockBytes };
      it(`breaks no rule after any step, and restores: ${compression}, ${String(blockBytes / MIB)} MiB`, async () => {
        for (const step of sequence) await make(store, step, shape);
        await expectStrict(sequence, shape);
        const sizeBytes = (imagesOf(blockBytes)['s1']?.length ?? 0) * blockBytes;
        const destination = new ImageDestination(sizeBytes);
        await restoreBackup({ store, volume: VOLUME, backup: 'backup-2', destination, clock });
        expect(destination.sha256).to.equal(digestOf('s2', blockBytes));
        const moved = new ImageDestination(sizeBytes, destination.bytes);
        const pair = { lastBackup: 'backup-2', backup: 'backup-4' };
        await restoreIncremental({ store, volume: VOLUME, ...pair, destination: moved, gone: 'hole', clock });
        expect(moved.sha256).to.equal(digestOf('s4', blockBytes));
        for (const [index, backup] of deletions.entries()) {
          expect((await removeBackup({ store, volume: VOLUME, backup, clock })).skipped).to.equal(undefined);
          const gone = deletions.slice(0, index + 1);
          await expectStrict(
            sequence.filter(([name]) => !gone.includes(name)),
            shape,
          );
        }
        await removeVolume({ store, volume: VOLUME, clock });
        expect(await readStrictly(root)).to.deep.include({ problems: [], volumes: {}, blocks: 0 });
      });
    }

    it(`breaks no rule with backing images that share blocks, and whose last block is short: ${compression}`, async () => {
      const contents = new Map(
        ['first', 'second'].map((name, index): [string, Buffer] => [
          name,
          Buffer.concat([Buffer.alloc(2 * MIB, blockOf('shared')), Buffer.alloc(3_000_000 + index, blockOf(name))]),
        ]),
      );
      for (const [name, bytes] of contents) {
        const checksum = createHash('sha512').update(bytes).digest('hex');
        await createBackingImage({ store, name, compression, checksum, clock, source: bytesSource(bytes) });
      }
      const sha256 = (name: string): string =>
        createHash('sha256')
          .update(contents.get(name) ?? '')
          .digest('hex');
      const both = await readStrictly(root);
      expect(both.problems).to.deep.equal([]);
      expect(both.backingImages).to.deep.equal({ first: sha256('first'), second: sha256('second') });
      await removeBackingImage({ store, name: 'first', clock });
      const one = await readStrictly(root);
      expect(one.problems).to.deep.equal([]);
      expect(one.backingImages).to.deep.equal({ second: sha256('second') });
    });
  }

  it('uploads again the blocks that a full verification has found corrupt', async () => {
    const shape: Case = { compression: 'lz4', blockBytes: 2 * MIB };
    await make(store, ['backup-1', 's1', 'full'], shape);
    const sound = await verifyBackup({ store, volume: VOLUME, backup: 'backup-1', mode: 'full' });
    expect(sound).to.deep.include({ blocks: 5, badCount: 0 });
    const { objects } = await store.list({ prefix: 'backupstore/', maxKeys: 1000 });
    const block = objects.find(({ key }) => key.endsWith('.blk'))?.key ?? '';
    await store.put({ key: block, body: Buffer.from('not what it was') });
    const { bad } = await verifyBackup({ store, volume: VOLUME, backup: 'backup-1', mode: 'full' });
    expect(bad.map(({ key }) => key)).to.deep.equal([block]);
    await createBackup({
      ...{ store, clock, backup: 'backup-2', volume: { name: VOLUME }, labels: LABELS },
      source: imageSource({ images: imagesOf(shape.blockBytes), blockBytes: shape.blockBytes }, 's1'),
      snapshot: { name: 's1-again', createdAt: '2026-01-02T00:00:00Z' },
      corruptBlocks: bad.map(({ checksum }) => checksum),
    });
    await expectStrict(
      [
        ['backup-1', 's1'],
        ['backup-2', 's1'],
      ],
      shape,
    );
  });
});

describe('a store that Longhorn began and Mooring goes on with', function () {
  this.timeout(60_000);

  for (const volume of ['pvc-lz4', 'pvc-gzip', 'pvc-none']) {
    it(`stays right: ${volume}`, async () => {
      const root = await temporaryFolder('continued');
      await cp(path.resolve(import.meta.dirname, '../fixtures/longhorn-store/store'), root, { recursive: true });
      const store = await openStore({ url: `vfs://${root}` });
      const before = await readStrictly(root);
      const blocks = Number((await readVolumeConfig(store, volume)).config.size) / (2 * MIB);
      const image: Image = Array.from({ length: blocks }, (_, index) =>
        index % 3 === 0 ? null : `new ${String(index % 4)}`,
      );
      await createBackup({
        ...{ store, clock, backup: 'backup-mooring', volume: { name: volume }, compression: 'lz4' },
        source: imageSource({ images: { now: image }, blockBytes: 2 * MIB }, 'now'),
        snapshot: { name: 'now', createdAt: '2026-02-01T00:00:00Z' },
      });
      const hash = createHash('sha256');
      for (const seed of image) hash.update(Buffer.alloc(2 * MIB, blockOf(seed)));
      const after = await readStrictly(root);
      expect(after.problems).to.deep.equal([]);
      expect(after.volumes[volume]).to.deep.equal({ ...before.volumes[volume], 'backup-mooring': hash.digest('hex') });
      await removeBackup({ store, volume, backup: 'backup-mooring', clock });
      expect(await readStrictly(root)).to.deep.equal(before);
    });
  }
});

function bytesSource(bytes: Buffer): ReturnType<typeof imageSource> {
  return {
    sizeBytes: bytes.length,
    changedRanges: () => 'unknown',
    read: async (offset, length, buffer) => {
      buffer.set(bytes.subarray(offset, offset + length));
      await Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
