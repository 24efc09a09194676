import { StoreError, isStoreError } from '../errors.ts';
import { decompressBlock, type CompressionMethod } from '../format/compression.ts';
import type { CallOptions, ObjectContent, ObjectStore } from '../store.ts';
import { freeBlock } from './free-block.ts';

/** Which block to fetch. */
export interface FetchBlockOptions extends CallOptions {
  readonly key: string;
  /** 64 hex digits. */
  readonly checksum: string;
  readonly compression: CompressionMethod;
  /** Most bytes it may hold. */
  readonly maxBytes: number;
}

// What compression may add to a block that does not shrink: frame headers, 4 bytes for each 64 KiB; taken generously.
const OVERHEAD_BYTES = 64 * 1024;

/**
 * Fetches one block and proves that it is the one asked for. Throws `BlockMissing`, `Corrupt` (both with the key; never
 * tried again), or the store's error.
 */
export async function fetchBlock(store: ObjectStore, options: FetchBlockOptions): Promise<Buffer> {
  const { body } = await getBlockObject(store, options);
  const block = await proveBlock(body, options);
  if (block !== body) freeBlock(body);
  return block;
}

/** The block in the body of its object, decompressed and proven. Throws `Corrupt`. */
export async function proveBlock(body: Buffer, options: FetchBlockOptions): Promise<Buffer> {
  const { key, checksum, compression, maxBytes } = options;
  const block = await decompressBlock(compression, body, { key, maxBytes });
  if (block.length > maxBytes) throw corrupt(key, `it holds more than ${String(maxBytes)} bytes`);
  const found = await blockChecksum(block);
  if (found !== checksum) throw corrupt(key, `its content has the checksum ${found}`);
  return block;
}

/** The checksum of a block: the first 64 hex digits of its SHA-512, made in libuv's pool. */
export async function blockChecksum(block: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-512', block);
  return Buffer.from(digest, 0, 32).toString('hex');
}

/** The object of a block, unproven. Throws `BlockMissing`, or the store's error. */
export async function getBlockObject(store: ObjectStore, options: FetchBlockOptions): Promise<ObjectContent> {
  const { key, maxBytes, signal } = options;
  // The range lets the call have the time that so many bytes need.
  const range = { start: 0, end: maxBytes + OVERHEAD_BYTES };
  try {
    const content = await store.get({ key, range, ...(signal !== undefined && { signal }) });
    if (content.body.length === Math.min(content.size, range.end + 1)) return content;
    // Not corrupt: the object may be sound.
    throw new StoreError('Unavailable', { action: `read block '${key}'`, detail: 'the answer was cut short', key });
  } catch (error) {
    if (!isStoreError(error, 'NotFound')) throw error;
    throw new StoreError('BlockMissing', { action: `read block '${key}'`, key, cause: error });
  }
}

function corrupt(key: string, detail: string): StoreError {
  return new StoreError('Corrupt', { action: `verify block '${key}'`, detail, key });
}
