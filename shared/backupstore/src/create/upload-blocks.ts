import type { SnapshotReader } from '@mooring/datapath';
import { compressBlock, type CompressionMethod } from '../format/compression.ts';
import type { HeldLock } from '../locks/types.ts';
import { forEachStreamed } from '../parallel-stream.ts';
import { blockChecksum } from '../restore/fetch-block.ts';
import type { ObjectStore } from '../store.ts';
import type { PlannedRead, VolumeShape } from './block-plan.ts';
import type { BlockTable } from './block-table.ts';
import type { ChecksumTable } from './checksum-table.ts';
import type { EarlyBlocks } from './early-blocks.ts';
import { isZero } from './is-zero.ts';
import { WRITTEN_SAMPLE } from './prove-blocks.ts';
import { Slots } from './slots.ts';

/** Blocks read, hashed and compressed while all slots write: enough to keep two cores busy. */
export const READ_AHEAD = 2;
/** Blocks in libuv's pool at once; it has four threads, and what waits for one only takes memory. */
export const IN_POOL = 4;

/** What was uploaded. */
export interface UploadCounts {
  /** Block objects that were not in the store before. */
  readonly newBlocks: number;
  /** Their bytes, compressed. */
  readonly newBytes: number;
  /** Bytes, compressed, of those that were and have been written again. */
  readonly reuploadedBytes: number;
  /** How many block objects this very run has written. */
  readonly writtenCount: number;
  /** The checksums of the first of them. */
  readonly written: readonly string[];
}

/** What the pipeline works with. */
export interface UploadOptions extends VolumeShape, PlannedRead {
  readonly store: ObjectStore;
  readonly lock: HeldLock;
  readonly signal: AbortSignal;
  readonly reader: SnapshotReader;
  /** The base's blocks; what is read is set here. */
  readonly table: BlockTable;
  readonly known: ChecksumTable;
  /** Blocks that are ready already. */
  readonly early?: EarlyBlocks | undefined;
  readonly keyOf: (checksum: string) => string;
  readonly compression: CompressionMethod;
  /** Blocks written at once, 1 or more. */
  readonly concurrency: number;
  /** Whether a block that is there is written again: by its checksum. */
  readonly isDistrusted: (checksum: string) => boolean;
  /** What blocks are that an interrupted run has written: with mode full and an earlier backup most were there before it. */
  readonly freshAre: 'new' | 'reuploaded';
  /** Called after each block, with the number of bytes of the volume it stands for. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Reads the planned blocks and writes those that the store has not: read, SHA-512, known?, compress, PUT. Memory: four
 * blocks, and the compressed form of `concurrency` + 2. A block met several times is written once. Before each PUT
 * the lock must be held. The first failure ends all and is thrown: the engine's, the store's, `LockLost` or `Cancelled`.
 */
export async function uploadBlocks(options: UploadOptions): Promise<UploadCounts> {
  const pipeline = new Pipeline(options);
  const limit = options.concurrency + READ_AHEAD;
  await forEachStreamed(indexesOf(options), { limit, signal: options.signal }, pipeline.take);
  return pipeline.counts;
}

async function* indexesOf({ plan }: UploadOptions): AsyncGenerator<number> {
  yield* plan.indexes();
}

interface Prepared {
  readonly checksum: string;
  readonly body: Uint8Array | undefined;
  /** Bytes of the volume. */
  readonly length: number;
}

class Pipeline {
  readonly counts = { newBlocks: 0, newBytes: 0, reuploadedBytes: 0, writtenCount: 0, written: [] as string[] };
  readonly #options: UploadOptions;
  readonly #slots: Slots;
  readonly #buffers: Buffer[] = [];
  readonly #inPool = new Slots(IN_POOL);
  // Being sent: known as soon as it is there.
  readonly #claimed = new Set<string>();

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
  }

  readonly take = async (index: number, signal: AbortSignal): Promise<void> => {
    const { keyOf, known, lock, onBytes, store, table } = this.#options;
    const { checksum, body, length } = await this.#inPool.run(async () => await this.#prepare(index, signal));
    if (body !== undefined) {
      await this.#slots.run(async () => {
        signal.throwIfAborted();
        lock.assertHeld();
        await store.put({ key: keyOf(checksum), body, signal });
      });
      this.#count(checksum, body.length);
      known.addWritten(checksum, body.length);
      this.#claimed.delete(checksum);
    }
    if (checksum !== '') table.set(index, checksum);
    onBytes(length);
  };

  // Reads a block; its checksum ('' for a hole), and what to send of it, if it is for this worker to send.
  async #prepare(index: number, signal: AbortSignal): Promise<Prepared> {
    const { blockBytes, sizeBytes, reader, compare, table, compression } = this.#options;
    const offset = index * blockBytes;
    const length = Math.min(blockBytes, sizeBytes - offset);
    const early = this.#options.early?.take(index, compression);
    if (early !== undefined) {
      const { checksum, body } = early;
      return { checksum, body: this.#claim(checksum) ? body : undefined, length };
    }
    const buffer = this.#buffers.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
    const block = buffer.subarray(0, length);
    await reader.read(offset, length, block);
    signal.throwIfAborted();
    const isHole = compare && table.get(index) === undefined && isZero(block);
    const checksum = isHole ? '' : await blockChecksum(block);
    const isNeeded = !isHole && this.#claim(checksum);
    const body = isNeeded ? await compressBlock(compression, block) : undefined;
    // MUST: a PUT that was given up may still be sending it (a file system heeds no signal), so what is sent is not reused.
    if (body !== block) this.#buffers.push(buffer);
    return { checksum, body, length };
  }

  // Whether the block is not in the store and nobody else sends it. All that is claimed is sent, or the backup fails.
  #claim(checksum: string): boolean {
    const { known, isDistrusted } = this.#options;
    if (this.#claimed.has(checksum)) return false;
    const present = known.get(checksum);
    if (present !== undefined && (present.isFresh || !isDistrusted(checksum))) {
      this.#countFresh(checksum, present.sizeBytes);
      return false;
    }
    this.#claimed.add(checksum);
    return true;
  }

  #count(checksum: string, bodyBytes: number): void {
    if (this.#options.known.get(checksum) === undefined) {
      this.counts.newBlocks += 1;
      this.counts.newBytes += bodyBytes;
    } else {
      this.counts.reuploadedBytes += bodyBytes;
    }
    this.counts.writtenCount += 1;
    if (this.counts.written.length < WRITTEN_SAMPLE) this.counts.written.push(checksum);
  }

  // An earlier run of this backup has written it: the counters end as if nothing had come between.
  #countFresh(checksum: string, sizeBytes: number): void {
    if (!this.#options.known.countOnce(checksum)) return;
    if (this.#options.freshAre === 'reuploaded') {
      this.counts.reuploadedBytes += sizeBytes;
      return;
    }
    this.counts.newBlocks += 1;
    this.counts.newBytes += sizeBytes;
  }
}
