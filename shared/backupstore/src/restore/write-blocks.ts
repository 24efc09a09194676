import type { Destination } from '@mooring/datapath';
import { Slots } from '../create/slots.ts';
import type { CompressionMethod } from '../format/compression.ts';
import { forEachStreamed } from '../parallel-stream.ts';
import type { ObjectStore } from '../store.ts';
import type { BlockGroup } from './block-groups.ts';
import { blockChecksum, getBlockObject, proveBlock, type FetchBlockOptions } from './fetch-block.ts';
import { freeBlock } from './free-block.ts';
import { badList } from './place-map.ts';
import type { RestoreResult } from './types.ts';

// Blocks decompressed, hashed and written at once, whatever number is being fetched: enough for the threads of libuv's pool.
const IN_POOL = 4;
// Blocks proven and written while as many as were asked for are being fetched.
const BEHIND = 2;

/** Blocks to be brought to a destination. */
export interface WriteBlocksOptions {
  readonly store: ObjectStore;
  readonly destination: Destination;
  readonly groups: AsyncIterable<BlockGroup>;
  /** Key of a block object. */
  readonly keyOf: (checksum: string) => string;
  readonly compression: CompressionMethod;
  /** Bytes of a block at an offset. */
  readonly lengthAt: (offset: number) => number;
  readonly concurrency: number;
  /** Ask the destination first what it holds already. */
  readonly resume: boolean;
  readonly signal: AbortSignal;
  /** Told of bytes that are in place. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Brings blocks to where they belong: each is fetched once, proven, and written to all its places. Throws `BlockMissing`,
 * `Corrupt`, the store's or the destination's error, as soon as the first one happens.
 */
export async function writeBlocks(options: WriteBlocksOptions): Promise<RestoreResult> {
  const counts = { bytesWritten: 0, blocksFetched: 0, blocksKept: 0 };
  const { groups, signal } = options;
  const inPool = new Slots(IN_POOL);
  const fetches = new Slots(options.concurrency);
  await forEachStreamed(groups, { limit: options.concurrency + BEHIND, signal }, async (group, own) => {
    const missing = options.resume ? await missingOffsets(options, group) : group.offsets;
    options.onBytes(bytesOf(options, group.offsets) - bytesOf(options, missing));
    if (missing.length === 0) {
      counts.blocksKept += 1;
      return;
    }
    const fetch = fetchOptions(options, group, own);
    const { body } = await fetches.run(async () => {
      own.throwIfAborted();
      return await getBlockObject(options.store, fetch);
    });
    await inPool.run(async () => {
      const block = await proveGroup(options, group, { body, fetch });
      counts.blocksFetched += 1;
      for (const offset of missing) {
        own.throwIfAborted();
        await options.destination.write(offset, block);
        counts.bytesWritten += block.length;
        options.onBytes(block.length);
      }
      freeBlock(block);
    });
  });
  return counts;
}

function fetchOptions(
  options: WriteBlocksOptions,
  { checksum, offsets }: BlockGroup,
  signal: AbortSignal,
): FetchBlockOptions {
  const { compression, lengthAt, keyOf } = options;
  return { key: keyOf(checksum), checksum, compression, maxBytes: lengthAt(offsets[0] ?? 0), signal };
}

async function proveGroup(
  { lengthAt }: WriteBlocksOptions,
  { offsets }: BlockGroup,
  { body, fetch }: { readonly body: Buffer; readonly fetch: FetchBlockOptions },
): Promise<Buffer> {
  const block = await proveBlock(body, fetch);
  if (block !== body) freeBlock(body);
  if (offsets.some((offset) => lengthAt(offset) !== block.length)) {
    throw badList(fetch.key, `it holds ${String(block.length)} bytes instead of ${String(fetch.maxBytes)}`);
  }
  return block;
}

async function missingOffsets(options: WriteBlocksOptions, group: BlockGroup): Promise<number[]> {
  const missing: number[] = [];
  for (const offset of group.offsets) {
    const present = Buffer.allocUnsafe(options.lengthAt(offset));
    await options.destination.read(offset, present.length, present);
    if ((await blockChecksum(present)) !== group.checksum) missing.push(offset);
  }
  return missing;
}

function bytesOf({ lengthAt }: WriteBlocksOptions, offsets: readonly number[]): number {
  return offsets.reduce((sum, offset) => sum + lengthAt(offset), 0);
}
