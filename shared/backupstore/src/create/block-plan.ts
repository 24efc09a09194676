import type { ByteRange, SnapshotReader } from '@mooring/datapath';
import type { BlockTable } from './block-table.ts';
import type { ChecksumTable } from './checksum-table.ts';

/** How the blocks of a volume are cut. */
export interface VolumeShape {
  readonly sizeBytes: number;
  readonly blockBytes: number;
}

/** Which blocks have to be read: a bit each, 640 KB for 10 TiB. */
export class BlockPlan {
  readonly blocks: number;
  readonly #bits: Uint8Array;
  readonly #blockBytes: number;
  #count = 0;

  constructor({ sizeBytes, blockBytes }: VolumeShape) {
    this.blocks = Math.ceil(sizeBytes / blockBytes);
    this.#blockBytes = blockBytes;
    this.#bits = new Uint8Array(Math.ceil(this.blocks / 8));
  }

  /** Number of blocks to read. */
  get count(): number {
    return this.#count;
  }

  /** Adds a block; twice is once. */
  add(index: number): void {
    const bit = 1 << (index & 7);
    const byte = this.#bits[index >> 3] ?? 0;
    if (index >= this.blocks || (byte & bit) !== 0) return;
    this.#bits[index >> 3] = byte | bit;
    this.#count += 1;
  }

  /** Adds every block that a range touches. */
  addRange({ offset, length }: ByteRange): void {
    const end = Math.min(Math.ceil((offset + length) / this.#blockBytes), this.blocks);
    for (let index = Math.floor(offset / this.#blockBytes); index < end; index++) this.add(index);
  }

  /** The blocks, ascending. */
  *indexes(): Generator<number> {
    for (let index = 0; index < this.blocks; index++) {
      if (((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0) yield index;
    }
  }
}

/** What is to be read, and how what is read is taken. */
export interface PlannedRead {
  readonly plan: BlockPlan;
  /**
   * False: each block read is part of the backup, as the engine has said. True: the engine could not say; a block equal to
   * the base's is unchanged, and one of zeros where the base has none is a hole.
   */
  readonly compare: boolean;
}

/** What {@link planBlocks} goes by. */
export interface PlanOptions extends VolumeShape {
  readonly reader: SnapshotReader;
  /** Name of the snapshot that the base is a backup of; `undefined` for a full backup. */
  readonly baseSnapshot: string | undefined;
  /** The base's blocks; empty for a full backup. */
  readonly table: BlockTable;
  /** What is in the store. */
  readonly known: ChecksumTable;
  /** Blocks that are read again though they are in the store: known to be corrupt. */
  readonly corrupt?: ReadonlySet<string>;
}

/**
 * Decides which blocks are read: what the engine says has changed, and each block that the base has and the store has not
 * any more, or only in a corrupt state. Throws what the engine throws.
 */
export async function planBlocks(options: PlanOptions): Promise<PlannedRead> {
  const { reader, baseSnapshot, table, known, corrupt } = options;
  const plan = new BlockPlan(options);
  const changed = reader.changedRanges(baseSnapshot);
  if (changed !== 'unknown') {
    for await (const range of changed) plan.addRange(range);
    for (const [index, checksum] of table.entries()) {
      if (known.get(checksum) === undefined || corrupt?.has(checksum) === true) plan.add(index);
    }
    return { plan, compare: false };
  }
  const allocated = baseSnapshot === undefined ? 'unknown' : reader.changedRanges();
  if (allocated === 'unknown') {
    plan.addRange({ offset: 0, length: options.sizeBytes });
  } else {
    for await (const range of allocated) plan.addRange(range);
    // What the base has may be a hole now.
    for (const [index] of table.entries()) plan.add(index);
  }
  return { plan, compare: true };
}
