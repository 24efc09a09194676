/** A block that cannot be restored. */
export interface BadBlock {
  /** 64 hex digits. */
  readonly checksum: string;
  /** Bytes from the start of the volume to the first place seen. */
  readonly offset: number;
  /** Of its object. */
  readonly key: string;
  /** `missing`: no such object, or an empty one. `corrupt`: its content is not what its name says. */
  readonly problem: 'missing' | 'corrupt';
}

/** How many bad blocks are named; enough for a new backup to upload most damages again, and for a condition the first few. */
export const MAX_BAD_BLOCKS = 10_000;

/** Collects bad blocks, each once. */
export class BadBlocks {
  readonly #byChecksum = new Map<string, BadBlock>();
  #more = 0;

  /** How many there are; beyond {@link MAX_BAD_BLOCKS} a repeated one counts again. */
  get count(): number {
    return this.#byChecksum.size + this.#more;
  }

  /** Adds one; a repeat keeps the lowest offset. */
  add(block: BadBlock): void {
    const known = this.#byChecksum.get(block.checksum);
    if (known === undefined && this.#byChecksum.size >= MAX_BAD_BLOCKS) this.#more += 1;
    else if (known === undefined || block.offset < known.offset) this.#byChecksum.set(block.checksum, block);
  }

  /** Those that are named, by offset. */
  list(): BadBlock[] {
    return [...this.#byChecksum.values()].sort((a, b) => a.offset - b.offset);
  }
}
