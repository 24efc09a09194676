import type { BlockReference } from '../format/fields.ts';

const CHECKSUM_BYTES = 32;

/** A block, and all places where it belongs. */
export interface BlockGroup {
  /** 64 hex digits. */
  readonly checksum: string;
  /** Bytes from the start of the volume; ascending. */
  readonly offsets: readonly number[];
}

/**
 * Collects block references and gives them back with the repeats of a block together, so that it is fetched once. 44 bytes
 * and up to 16 of index for each reference, all taken at the start: 2^20 references (2 TiB in blocks of 2 MiB) are 60 MiB.
 */
export class BlockGroups {
  readonly #capacity: number;
  readonly #checksums: Buffer;
  readonly #offsets: Float64Array;
  // The next reference of the same block, -1 behind the last.
  readonly #next: Int32Array;
  // Open addressing over the checksum: index + 1 of the first reference of a block, 0 for free.
  readonly #table: Int32Array;
  #count = 0;

  /** `capacity`: references it can hold, 1 or more. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#checksums = Buffer.allocUnsafe(capacity * CHECKSUM_BYTES);
    this.#offsets = new Float64Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 1.5 + 1)));
  }

  /** Whether nothing more can be added before `take`. */
  get isFull(): boolean {
    return this.#count === this.#capacity;
  }

  /** Adds a reference; its checksum MUST be 64 hex digits, and `isFull` false. */
  add({ offset, checksum }: BlockReference): void {
    const index = this.#count++;
    this.#checksums.write(checksum, index * CHECKSUM_BYTES, 'hex');
    this.#offsets[index] = offset;
    this.#next[index] = -1;
    const slot = this.#slotOf(index);
    const first = (this.#table[slot] ?? 0) - 1;
    if (first < 0) {
      this.#table[slot] = index + 1;
      return;
    }
    this.#next[index] = this.#next[first] ?? -1;
    this.#next[first] = index;
  }

  /** Gives all groups, in the order in which their first reference was added, and is empty afterwards. */
  *take(): Generator<BlockGroup> {
    for (let index = 0; index < this.#count; index++) {
      const slot = this.#slotOf(index);
      if (this.#table[slot] !== index + 1) continue;
      const offsets: number[] = [];
      for (let at = index; at >= 0; at = this.#next[at] ?? -1) offsets.push(this.#offsets[at] ?? 0);
      const start = index * CHECKSUM_BYTES;
      const checksum = this.#checksums.toString('hex', start, start + CHECKSUM_BYTES);
      yield { checksum, offsets: offsets.sort((a, b) => a - b) };
    }
    this.#count = 0;
    this.#table.fill(0);
  }

  // The slot of this checksum's first reference, or the free one where it belongs.
  #slotOf(index: number): number {
    const start = index * CHECKSUM_BYTES;
    const mask = this.#table.length - 1;
    for (let slot = this.#checksums.readUInt32LE(start) & mask; ; slot = (slot + 1) & mask) {
      const other = (this.#table[slot] ?? 0) - 1;
      if (other < 0 || this.#isSame(start, other * CHECKSUM_BYTES)) return slot;
    }
  }

  #isSame(a: number, b: number): boolean {
    if (a === b) return true;
    return this.#checksums.compare(this.#checksums, b, b + CHECKSUM_BYTES, a, a + CHECKSUM_BYTES) === 0;
  }
}
