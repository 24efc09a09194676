import { FormatError } from './json-reader.ts';

const FRAME_MAGIC = 0x184d2204;
// 0x184d2a50 to 0x184d2a5f: frames that readers pass over.
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;

const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;
const STORED_RAW = 0x80000000;
// Bits 4 to 6 of the BD byte: 4 is 64 KiB, each step four times as much, 7 is 4 MiB.
const SMALLEST_BLOCK_CODE = 4;
const SMALLEST_BLOCK_BYTES = 64 * 1024;

/** Whether a body begins like LZ4 frames, skippable ones included; anything else is tried as gzip. */
export function isLz4(body: Buffer): boolean {
  if (body.length < 4) return false;
  const magic = body.readUInt32LE(0);
  return magic === FRAME_MAGIC || isSkippable(magic);
}

/**
 * Cuts a body into its LZ4 frames by their own lengths: magic, FLG, BD, [content size], HC, blocks (u32 length, top bit
 * for stored raw), end mark, [content checksum]. Skippable frames are left out. The decoder itself reads only the first
 * frame and overlooks a missing end, so: throws `FormatError` for truncation, anything behind the last frame, or
 * frames that could hold more than `maxBytes` in full blocks.
 */
export function splitLz4Frames(body: Buffer, maxBytes: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const magic = readLength(body, at);
    if (isSkippable(magic)) {
      at += 8 + readLength(body, at + 4);
    } else {
      const end = frameEnd(body, at, maxBytes);
      frames.push(body.subarray(at, end));
      at = end;
    }
    if (at > body.length) throw new FormatError('the lz4 frame ends too early');
  }
  return frames;
}

function frameEnd(body: Buffer, start: number, maxBytes: number): number {
  if (readLength(body, start) !== FRAME_MAGIC) throw new FormatError('there is something behind the lz4 frame');
  const flags = body[start + 4] ?? 0;
  const blockBytes = SMALLEST_BLOCK_BYTES * 4 ** (((body[start + 5] ?? 0) >> 4) - SMALLEST_BLOCK_CODE);
  let at = start + 7 + (has(flags, FLAG_CONTENT_SIZE) ? 8 : 0) + (has(flags, FLAG_DICTIONARY) ? 4 : 0);
  for (let blocks = 0; ; blocks++) {
    const length = readLength(body, at);
    at += 4;
    if (length === 0) break;
    // All blocks but the last are full, in every encoder that fills its buffer.
    if (blocks * blockBytes >= Math.max(maxBytes, 1)) throw new FormatError('the lz4 frame holds more than a block');
    at += (length & ~STORED_RAW) + (has(flags, FLAG_BLOCK_CHECKSUM) ? 4 : 0);
  }
  return at + (has(flags, FLAG_CONTENT_CHECKSUM) ? 4 : 0);
}

function readLength(body: Buffer, at: number): number {
  if (at + 4 > body.length) throw new FormatError('the lz4 frame ends too early');
  return body.readUInt32LE(at);
}

function isSkippable(magic: number): boolean {
  return (magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC;
}

function has(flags: number, flag: number): boolean {
  return (flags & flag) !== 0;
}
