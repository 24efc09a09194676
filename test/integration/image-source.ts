import { createHash } from 'node:crypto';
import type { ByteRange, SnapshotReader } from '@mooring/datapath';

/** One entry a block: a seed (the block is the 64 bytes of SHA-512(seed), repeated), or null for a hole. */
export type Image = readonly (string | null)[];

/** Snapshots of one volume. */
export interface ImageSet {
  readonly images: Readonly<Record<string, Image>>;
  readonly blockBytes: number;
  /** Whether the source can tell what has changed; default true. */
  readonly knows?: boolean;
}

/** A snapshot in memory, as the vectors of the reference library describe it. */
export function imageSource(set: ImageSet, snapshot: string): SnapshotReader {
  const { images, blockBytes, knows = true } = set;
  const image = images[snapshot]!;
  const changed = (base: string | undefined): number[] => {
    const before = base === undefined ? undefined : images[base]!;
    return [...image.keys()].filter((index) =>
      before === undefined ? image[index] !== null : image[index] !== before[index],
    );
  };
  async function* ranges(indexes: number[]): AsyncGenerator<ByteRange> {
    for (const index of indexes) yield { offset: index * blockBytes, length: blockBytes };
  }
  return {
    sizeBytes: image.length * blockBytes,
    changedRanges: (base) => {
      if (base !== undefined && (!knows || images[base] === undefined)) return 'unknown';
      return ranges(changed(base));
    },
    read: async (offset, length, buffer) => {
      const seed = image[offset / blockBytes] ?? null;
      Buffer.from(buffer.buffer, buffer.byteOffset, length).fill(blockOf(seed));
      await Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** The 64 bytes that a block repeats. */
export function blockOf(seed: string | null): Uint8Array {
  return seed === null ? new Uint8Array(64) : createHash('sha512').update(seed).digest();
}
