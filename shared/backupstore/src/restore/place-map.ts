import { StoreError } from '../errors.ts';
import type { BlockReference } from '../format/fields.ts';

/** The volume that blocks are placed in. */
export interface VolumeShape {
  /** Key of the config that lists the blocks, for errors. */
  readonly key: string;
  readonly blockBytes: number;
  /** Bytes of the destination. */
  readonly sizeBytes: number;
  /** Whether the last block may be short: of a backing image, never of a volume. */
  readonly endsShort?: boolean;
}

/** Which blocks of a volume were listed: a bit each, 640 KB for 10 TiB. */
export class PlaceMap {
  readonly #shape: VolumeShape;
  readonly #bits: Uint8Array;

  constructor(shape: VolumeShape) {
    this.#shape = shape;
    this.#bits = new Uint8Array(Math.ceil(shape.sizeBytes / shape.blockBytes / 8));
  }

  /**
   * Takes the place of a block; no order is asked for. Throws `Corrupt` for a place that is no multiple of the block size
   * or already taken, `DestinationTooSmall` for one that does not fit.
   */
  take({ offset }: BlockReference): void {
    const { key, blockBytes, sizeBytes, endsShort = false } = this.#shape;
    const index = offset / blockBytes;
    if (!Number.isInteger(index) || index < 0) {
      throw badList(key, `offset ${String(offset)} is no multiple of the block size ${String(blockBytes)}`);
    }
    if (offset + (endsShort ? 1 : blockBytes) > sizeBytes) throw tooSmall(this.#shape, offset);
    const bit = 1 << (index & 7);
    const byte = this.#bits[index >> 3] ?? 0;
    if ((byte & bit) !== 0) throw badList(key, `two blocks at offset ${String(offset)}`);
    this.#bits[index >> 3] = byte | bit;
  }

  /** The ranges without any block, ascending, in bytes. */
  *gaps(): Generator<{ readonly offset: number; readonly length: number }> {
    const { blockBytes, sizeBytes } = this.#shape;
    const count = Math.ceil(sizeBytes / blockBytes);
    let start = 0;
    for (let index = 0; index <= count; index++) {
      if (index < count && !this.#has(index)) continue;
      const offset = start * blockBytes;
      if (index > start) yield { offset, length: Math.min(index * blockBytes, sizeBytes) - offset };
      start = index + 1;
    }
  }

  #has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }
}

/** A block list that no writer of the format makes. */
export function badList(key: string, detail: string): StoreError {
  return new StoreError('Corrupt', { action: `decode object '${key}'`, detail, key });
}

/** A destination into which a block does not fit, with both numbers. */
export function tooSmall({ key, blockBytes, sizeBytes }: VolumeShape, offset: number): StoreError {
  const detail = `it has a block up to byte ${String(offset + blockBytes)}, the destination has ${String(sizeBytes)} bytes`;
  return new StoreError('DestinationTooSmall', { action: `restore '${key}'`, detail, key });
}
