// Slots of 8 bytes: at most 64 MiB. Filled to at most 3/4, so that looking up stays short.
const MAX_SLOTS = 2 ** 23;
const FIRST_SLOTS = 2 ** 12;
const FULL = 0.75;

/** How a {@link MarkSet} begins. */
export interface MarkSetOptions {
  /** Only checksums whose first 32 bits are at least this; default 0. */
  readonly start?: number;
  /** How many there may be: the table is made that large at once, for each growth needs the old and the new one together. */
  readonly expected?: number;
  /** For tests. */
  readonly maxSlots?: number;
}

/**
 * A set of checksums in bounded memory: of each only its first 64 bits are kept, in an open-addressing table of at most
 * 64 MiB. What else begins with the same 64 bits counts as contained (of 5 million, by chance one in a million runs has such
 * a pair): a sweep then keeps one block too many, never one too few.
 *
 * When it is full (6 million) it lets go of its upper half and from then on holds only checksums below `end`; the caller
 * takes the rest in further rounds.
 */
export class MarkSet {
  /** Behind the first 32 bits of every checksum. */
  static readonly END = 2 ** 32;
  readonly #start: number;
  #end = MarkSet.END;
  #slots: Uint32Array;
  #size = 0;
  #hasZero = false;
  readonly #maxSlots: number;

  constructor({ start = 0, expected = 0, maxSlots = MAX_SLOTS }: MarkSetOptions = {}) {
    this.#start = start;
    this.#maxSlots = maxSlots;
    const slots = Math.ceil(Math.max(FIRST_SLOTS, expected / FULL));
    this.#slots = new Uint32Array(Math.min(slots, maxSlots) * 2);
  }

  /** First 32 bits of the first checksum that is not covered; 2^32 when all from `start` on are. */
  get end(): number {
    return this.#end;
  }

  /** How many different ones it holds. */
  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0);
  }

  /** Whether the set speaks of this checksum at all. */
  covers(checksum: string): boolean {
    const high = highOf(checksum);
    return high >= this.#start && high < this.#end;
  }

  /** Adds a checksum of 64 hex digits; one that is not covered is passed over. */
  add(checksum: string): void {
    const high = highOf(checksum);
    if (high < this.#start || high >= this.#end) return;
    this.#insert(high, lowOf(checksum));
    if (this.#size * 2 <= this.#slots.length * FULL) return;
    if (this.#slots.length < this.#maxSlots * 2) this.#rebuild(Math.min(this.#slots.length * 2, this.#maxSlots * 2));
    else this.#halve();
  }

  /** Whether a covered checksum was added. */
  has(checksum: string): boolean {
    const high = highOf(checksum);
    const low = lowOf(checksum);
    if (high === 0 && low === 0) return this.#hasZero;
    const slot = this.#slotOf(high, low);
    return this.#slots[slot] === high && this.#slots[slot + 1] === low;
  }

  #insert(high: number, low: number): void {
    if (high === 0 && low === 0) {
      this.#hasZero = true;
      return;
    }
    const slot = this.#slotOf(high, low);
    if (this.#slots[slot] !== 0 || this.#slots[slot + 1] !== 0) return;
    this.#slots[slot] = high;
    this.#slots[slot + 1] = low;
    this.#size += 1;
  }

  // Where the pair is, or the free slot where it belongs. 0,0 is free.
  #slotOf(high: number, low: number): number {
    const slots = this.#slots;
    for (let index = (low % (slots.length / 2)) * 2; ; index = index + 2 === slots.length ? 0 : index + 2) {
      const a = slots[index];
      const b = slots[index + 1];
      if ((a === high && b === low) || (a === 0 && b === 0)) return index;
    }
  }

  #rebuild(length: number): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(length);
    this.#size = 0;
    for (let index = 0; index < old.length; index += 2) {
      const high = old[index] ?? 0;
      const low = old[index + 1] ?? 0;
      if ((high !== 0 || low !== 0) && high < this.#end) this.#insert(high, low);
    }
  }

  #halve(): void {
    while (this.#size * 4 > this.#slots.length) {
      // Only checksums made up for it lie so close together.
      if (this.#end - this.#start < 2) throw new RangeError('too many checksums begin alike');
      this.#end = this.#start + Math.floor((this.#end - this.#start) / 2);
      this.#rebuild(this.#slots.length);
    }
  }
}

function highOf(checksum: string): number {
  return wordAt(checksum, 0);
}

function lowOf(checksum: string): number {
  return wordAt(checksum, 8);
}

// Eight hex digits as a number, without making strings: it runs ten million times.
function wordAt(checksum: string, start: number): number {
  let word = 0;
  for (let at = start; at < start + 8; at++) {
    const code = checksum.charCodeAt(at);
    word = word * 16 + (code < 0x3a ? code - 0x30 : code - 0x57);
  }
  return word;
}
