// Static, in a file of its own: loaded only where a block is (de)compressed, and a bundle's import() of a native package has no named exports.
import { compressFrame, decompressFrame } from 'lz4-napi';

/** One LZ4 frame as Longhorn writes them: independent blocks, content checksum; in libuv's pool. */
export async function compressLz4Frame(block: Uint8Array): Promise<Buffer> {
  return await compressFrame(block, { contentChecksum: true });
}

/** The content of one frame; throws for a bad header, block or checksum. Structure must have been checked before. */
export async function decompressLz4Frame(frame: Buffer): Promise<Buffer> {
  return await decompressFrame(frame);
}
