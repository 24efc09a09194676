import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FileDataPath, openFileDestination, openFileReader } from '@mooring/datapath';
import { ManualClock, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { createBackup } from './create/create-backup.ts';
import { compressionMethods } from './format/compression.ts';
import { openStore } from './open-store.ts';
import { removeBackup } from './remove/remove-backup.ts';
import { restoreBackup } from './restore/restore-backup.ts';
import type { ObjectStore } from './store.ts';

/** A change: bytes of one value at a place, both wrapped into the image; 0 makes what may become a hole. */
interface Edit {
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

/** One snapshot: its edits, and what is done with it. */
interface Step {
  readonly edits: readonly Edit[];
  readonly mode: 'full' | 'incremental';
  /** Blocks that the image grows by. */
  readonly grow: number;
  readonly removesEarlier: boolean;
}

const edit = fc.record({
  at: fc.nat(200_000),
  // A byte, a part of a block, or many blocks.
  length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 1, max: 120_000 })),
  value: fc.integer({ min: 0, max: 3 }),
});
const step = fc.record({
  edits: fc.array(edit, { maxLength: 5 }),
  mode: fc.constantFrom('full' as const, 'incremental' as const),
  grow: fc.nat(3),
  removesEarlier: fc.boolean(),
});
const history = fc.record({
  blockBytes: fc.constantFrom(4_096, 8_192, 5_000),
  blocks: fc.integer({ min: 1, max: 40 }),
  compression: fc.constantFrom(...compressionMethods),
  concurrency: fc.integer({ min: 1, max: 7 }),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
});

/** The image after a step; what is never written stays a hole. */
function edited(before: Buffer, { edits, grow }: Step, blockBytes: number): Buffer {
  const image = Buffer.concat([before, Buffer.alloc(grow * blockBytes)]);
  for (const { at, length, value } of edits) {
    const start = at % image.length;
    image.fill(value, start, Math.min(image.length, start + length));
  }
  return image;
}

/** A file of this content with a hole wherever 4 KiB are zeros. */
async function writeSparse(file: string, image: Buffer): Promise<void> {
  const destination = await openFileDestination(file, { sizeBytes: image.length });
  const page = 4_096;
  for (let at = 0; at < image.length; at += page) {
    const part = image.subarray(at, at + page);
    if (part.some((byte) => byte !== 0)) await destination.write(at, part);
  }
  await destination.commit();
}

async function restored(store: ObjectStore, backup: string, { file, sizeBytes }: { file: string; sizeBytes: number }) {
  const destination = await openFileDestination(file, { sizeBytes });
  await restoreBackup({ store, volume: 'pvc-1', backup, destination, concurrency: 4, clock: new ManualClock() });
  return await readFile(file);
}

describe('a restored backup', function () {
  this.timeout(120_000);

  it('is the image that was backed up, whatever its holes, size, edits and compression, also after others are removed', async () => {
    let runs = 0;
    const root = await temporaryFolder('round-trip');
    await fc.assert(
      fc.asyncProperty(history, async ({ blockBytes, blocks, compression, concurrency, steps }) => {
        const folder = path.join(root, String(runs++));
        const [file, target] = [path.join(folder, 'volume.img'), path.join(folder, 'restored.img')];
        await mkdir(path.join(folder, 'store'), { recursive: true });
        const store = await openStore({ url: `vfs://${folder}/store` });
        const kept = new Map<string, Buffer>();
        let image: Buffer = Buffer.alloc(blocks * blockBytes);
        for (const [n, next] of steps.entries()) {
          image = edited(image, next, blockBytes);
          await writeSparse(file, image);
          const source = await openFileReader(file);
          const backup = `backup-${String(n)}`;
          await createBackup({
            ...{ store, source, backup, compression, concurrency, mode: next.mode, blockSizeBytes: blockBytes },
            volume: { name: 'pvc-1' },
            snapshot: { name: `snap-${String(n)}`, createdAt: `2026-01-0${String(n + 1)}T00:00:00Z` },
            clock: new ManualClock(),
          });
          await source.close();
          const [earlier] = kept.keys();
          if (next.removesEarlier && earlier !== undefined) {
            await removeBackup({ store, volume: 'pvc-1', backup: earlier, clock: new ManualClock() });
            kept.delete(earlier);
          }
          kept.set(backup, image);
        }
        for (const [backup, content] of kept) {
          // Of any size from the volume's on.
          const sizeBytes = content.length + concurrency * 1_000;
          const found = await restored(store, backup, { file: target, sizeBytes });
          expect(found.subarray(0, content.length).equals(content), backup).to.equal(true);
          expect(found.subarray(content.length).every((byte) => byte === 0)).to.equal(true);
        }
        store.close();
      }),
      { numRuns: 40 },
    );
  });

  it('of a snapshot is the volume as it was, though it has changed since', async () => {
    const folder = await temporaryFolder('round-trip');
    const file = path.join(folder, 'volume.img');
    const before = Buffer.alloc(64 * 1_024, 'before');
    await writeFile(file, before);
    const volume = new FileDataPath(file);
    const { createdAt } = await volume.takeSnapshot('snap-1');
    await writeFile(file, Buffer.alloc(64 * 1_024, 'after'));
    await mkdir(path.join(folder, 'store'));
    const store = await openStore({ url: `vfs://${folder}/store` });
    const source = await volume.openSnapshot({ snapshot: 'snap-1' });
    await createBackup({
      ...{ store, source, backup: 'backup-1', blockSizeBytes: 4_096, clock: new ManualClock() },
      volume: { name: 'pvc-1' },
      snapshot: { name: 'snap-1', createdAt },
    });
    await source.close();
    const target = { file: path.join(folder, 'restored.img'), sizeBytes: before.length };
    expect((await restored(store, 'backup-1', target)).equals(before)).to.equal(true);
    store.close();
  });
});
