import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { StoreError } from '../errors.ts';
import { isLz4, splitLz4Frames } from './lz4-frames.ts';

/** How blocks are compressed; `CompressionMethod` of `volume.cfg` and of backup configs (backupstore-format §3). */
export const compressionMethods = ['none', 'gzip', 'lz4'] as const;

/** One of {@link compressionMethods}. */
export type CompressionMethod = (typeof compressionMethods)[number];

// Go's default level; its header says OS 255 (unknown) where zlib writes the system's number.
const GZIP_LEVEL = 6;
const GZIP_OS_BYTE = 9;
const GZIP_OS_UNKNOWN = 0xff;
// Output is collected in pieces; zlib's default of 16 KiB would cost a turn of the event loop for each.
const GZIP_CHUNK_BYTES = 256 * 1024;

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

/**
 * The method that a config's `CompressionMethod` means: `''` (before v1.5) is gzip. Throws `UnsupportedCompression`, as
 * Longhorn does, for a method it does not know either.
 */
export function parseCompressionMethod(text: string): CompressionMethod {
  if (text === '') return 'gzip';
  const method = compressionMethods.find((known) => known === text);
  if (method !== undefined) return method;
  throw new StoreError('UnsupportedCompression', {
    action: 'choose a compression method',
    detail: `unsupported compression method: ${text}`,
  });
}

/**
 * The body of a block object. `none` returns `block` itself, uncopied; the others a new buffer, made in libuv's pool.
 * MUST: `block` is not changed before the promise settles. Never fails for lack of compressibility (lz4 stores raw).
 */
export async function compressBlock(method: CompressionMethod, block: Uint8Array): Promise<Uint8Array> {
  switch (method) {
    case 'none':
      return block;
    case 'gzip': {
      const body = await gzipAsync(block, { level: GZIP_LEVEL, chunkSize: GZIP_CHUNK_BYTES });
      body[GZIP_OS_BYTE] = GZIP_OS_UNKNOWN;
      return body;
    }
    case 'lz4': {
      const { compressLz4Frame } = await import('./lz4-native.ts');
      return await compressLz4Frame(block);
    }
  }
}

/** What a block object should hold. */
export interface DecompressOptions {
  /** The object's key, for errors. */
  readonly key: string;
  /** Bytes of the block; an object that holds more is `Corrupt` before it fills memory. */
  readonly maxBytes: number;
}

/**
 * The block in an object's body, in libuv's pool. Falls back from gzip to lz4 and back by the first bytes, as Longhorn
 * does; `none` has no fallback and returns `body` itself. Throws `Corrupt`. The caller MUST check the checksum.
 */
export async function decompressBlock(
  method: CompressionMethod,
  body: Buffer,
  options: DecompressOptions,
): Promise<Buffer> {
  if (method === 'none') return body;
  try {
    if (isLz4(body)) return await decompressLz4(body, options.maxBytes);
    return await gunzipAsync(body, { maxOutputLength: Math.max(options.maxBytes, 1), chunkSize: GZIP_CHUNK_BYTES });
  } catch (error) {
    throw new StoreError('Corrupt', {
      action: `decompress block '${options.key}'`,
      detail: `it is neither sound gzip nor sound lz4 of at most ${String(options.maxBytes)} bytes`,
      key: options.key,
      cause: error,
    });
  }
}

async function decompressLz4(body: Buffer, maxBytes: number): Promise<Buffer> {
  const { decompressLz4Frame } = await import('./lz4-native.ts');
  const parts: Buffer[] = [];
  for (const frame of splitLz4Frames(body, maxBytes)) parts.push(await decompressLz4Frame(frame, maxBytes));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
