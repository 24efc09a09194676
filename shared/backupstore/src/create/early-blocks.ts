import { compressBlock, parseCompressionMethod, type CompressionMethod } from '../format/compression.ts';
import { forEachParallel } from '../parallel.ts';
import { blockChecksum } from '../restore/fetch-block.ts';
import { freeBlock } from '../restore/free-block.ts';
import { BlockPlan } from './block-plan.ts';
import { isZero } from './is-zero.ts';
import { createConcurrency } from './requirements.ts';
import type { CreateBackupOptions } from './types.ts';
import { IN_POOL, READ_AHEAD } from './upload-blocks.ts';
import { readVolume } from './volume-file.ts';

/** A block that is ready to be sent. */
export interface EarlyBlock {
  /** 64 hex digits. */
  readonly checksum: string;
  readonly body: Uint8Array;
}

type EarlyOptions = CreateBackupOptions & { readonly blockBytes: number };

/**
 * The first blocks of a full backup, read, hashed and compressed while the lock is waited for, as many as are then at work at
 * once; incremental ones have too few to gain by it. Reads `volume.cfg` for it, and the lock's holder relies on that for nothing:
 * what is in the store and what the backup builds on is found out under the lock. What goes wrong here is met again there.
 */
export class EarlyBlocks {
  readonly #options: EarlyOptions;
  readonly #blocks = new Map<number, EarlyBlock>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #compression: CompressionMethod | undefined;

  /** Begins. */
  constructor(options: EarlyOptions) {
    this.#options = options;
    this.#running = this.#run().catch(() => undefined);
  }

  /** Ends when nothing is read any more; what is ready stays. Idempotent, never throws. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Gives a block away, if it is ready and compressed in this way. */
  take(index: number, compression: CompressionMethod): EarlyBlock | undefined {
    const block = this.#blocks.get(index);
    this.#blocks.delete(index);
    return compression === this.#compression ? block : undefined;
  }

  async #run(): Promise<void> {
    const { store, volume, mode, compression = 'lz4' } = this.#options;
    const found = await readVolume({ store, signal: this.#stop.signal }, volume.name);
    if (mode !== 'full' && (found?.config.lastBackupName ?? '') !== '') return;
    const method = parseCompressionMethod(found?.config.compressionMethod ?? compression);
    this.#compression = method;
    await forEachParallel(await this.#firstIndexes(), IN_POOL, async (index) => {
      if (!this.#stop.signal.aborted) await this.#prepare(index, method);
    });
  }

  async #firstIndexes(): Promise<number[]> {
    const { source, blockBytes, concurrency } = this.#options;
    const count = createConcurrency(concurrency) + READ_AHEAD;
    const plan = new BlockPlan({ sizeBytes: source.sizeBytes, blockBytes });
    const ranges = source.changedRanges();
    if (ranges === 'unknown') plan.addRange({ offset: 0, length: count * blockBytes });
    else
      for await (const { offset, length } of ranges) {
        plan.addRange({ offset, length: Math.min(length, count * blockBytes) });
        if (plan.count >= count) break;
      }
    const indexes: number[] = [];
    for (const index of plan.indexes()) if (indexes.push(index) === count) break;
    return indexes;
  }

  async #prepare(index: number, method: CompressionMethod): Promise<void> {
    const { source, blockBytes } = this.#options;
    const block = Buffer.allocUnsafeSlow(blockBytes);
    await source.read(index * blockBytes, blockBytes, block);
    // Perhaps a hole, which is not sent.
    if (isZero(block)) return;
    const checksum = await blockChecksum(block);
    const body = await compressBlock(method, block);
    if (body !== block) freeBlock(block);
    this.#blocks.set(index, { checksum, body });
  }
}
