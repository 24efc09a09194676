// Five words a slot: four of the checksum, one of what is known. 0 there marks a free slot.
const SLOT_WORDS = 5;
const KEY_WORDS = 4;
const FIRST_SLOTS = 1024;
// Grown when three quarters are taken.
const MAX_LOAD = 0.75;

const SIZE_MASK = 0x1fffffff;
const FRESH = 0x80000000;
const COUNTED = 0x40000000;
const UNPROVEN = 0x20000000;

/** What is known of one block object. */
export interface KnownBlock {
  /** Bytes of the object, from 0 to 512 MiB - 2 (as far as told). */
  readonly sizeBytes: number;
  /** Written since this backup began, by this run or by an earlier one that was interrupted. */
  readonly isFresh: boolean;
}

/**
 * The blocks that are in the store: those that the LIST under the lock has shown, and those written since. 20 bytes a
 * slot, about 35 a block, where a Set of strings takes 120: 180 MB for the 5 million blocks of 10 TiB.
 *
 * Checksums are compared by their first 128 bits; that two blocks of one volume agree in those by chance has a
 * probability of 10^-25 at 5 million blocks.
 */
export class ChecksumTable {
  #words = new Uint32Array(FIRST_SLOTS * SLOT_WORDS);
  #slots = FIRST_SLOTS;
  #count = 0;

  /** Number of blocks. */
  get count(): number {
    return this.#count;
  }

  /** What is known of a block; `undefined`: it is not in the store. */
  get(checksum: string): KnownBlock | undefined {
    const word = this.#words[this.#find(checksum) + KEY_WORDS] ?? 0;
    if (word === 0) return undefined;
    return { sizeBytes: (word & SIZE_MASK) - 1, isFresh: (word & FRESH) !== 0 };
  }

  /** Notes a block that a listing shows. */
  addListed(checksum: string, sizeBytes: number, isFresh: boolean): void {
    this.#put(checksum, encodeSize(sizeBytes) | (isFresh ? FRESH : 0));
  }

  /** Notes a block that was written now; it stays unproven until a look at the store shows it. */
  addWritten(checksum: string, sizeBytes: number): void {
    this.#put(checksum, encodeSize(sizeBytes) | FRESH | COUNTED | UNPROVEN);
  }

  /** True once for each fresh block that this run has not written itself: so that an interrupted run's blocks are counted. */
  countOnce(checksum: string): boolean {
    const at = this.#find(checksum) + KEY_WORDS;
    const word = this.#words[at] ?? 0;
    if ((word & FRESH) === 0 || (word & COUNTED) !== 0) return false;
    this.#words[at] = word | COUNTED;
    return true;
  }

  /**
   * A look at the store shows the block with that size: `proven` when it was unproven and has the size that was written,
   * `broken` when it has another, `known` when there was nothing to prove.
   */
  prove(checksum: string, sizeBytes: number): 'proven' | 'broken' | 'known' {
    const at = this.#find(checksum) + KEY_WORDS;
    const word = this.#words[at] ?? 0;
    if ((word & UNPROVEN) === 0) return 'known';
    if ((word & SIZE_MASK) !== encodeSize(sizeBytes)) return 'broken';
    this.#words[at] = word & ~UNPROVEN;
    return 'proven';
  }

  #put(checksum: string, word: number): void {
    const slot = this.#find(checksum);
    const isNew = (this.#words[slot + KEY_WORDS] ?? 0) === 0;
    this.#words.set(keyWords(checksum), slot);
    this.#words[slot + KEY_WORDS] = word;
    if (!isNew) return;
    this.#count += 1;
    if (this.#count > this.#slots * MAX_LOAD) this.#grow();
  }

  // Index of the block's slot, or of the free one where it belongs.
  #find(checksum: string): number {
    const key = keyWords(checksum);
    const words = this.#words;
    for (let slot = (key[0] ?? 0) & (this.#slots - 1); ; slot = (slot + 1) & (this.#slots - 1)) {
      const at = slot * SLOT_WORDS;
      if (words[at + KEY_WORDS] === 0 || key.every((word, index) => words[at + index] === word)) return at;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * SLOT_WORDS);
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + KEY_WORDS] === 0) continue;
      let slot = (old[at] ?? 0) & (this.#slots - 1);
      while (this.#words[slot * SLOT_WORDS + KEY_WORDS] !== 0) slot = (slot + 1) & (this.#slots - 1);
      this.#words.set(old.subarray(at, at + SLOT_WORDS), slot * SLOT_WORDS);
    }
  }
}

function keyWords(checksum: string): number[] {
  return [0, 8, 16, 24].map((start) => parseInt(checksum.slice(start, start + 8), 16));
}

// One more than the size, so that a known block is never 0.
function encodeSize(sizeBytes: number): number {
  return Math.min(sizeBytes + 1, SIZE_MASK);
}
