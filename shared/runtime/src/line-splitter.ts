const NEWLINE = 0x0a;

/** Longest line taken, bytes: twenty times the largest object etcd stores (1.5 MiB), so only garbage is longer. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/**
 * Cuts a byte stream into lines. Works on bytes, so a character split over two chunks survives, and keeps the parts of an
 * unfinished line apart, so a huge line costs one copy and not one a chunk. A last line without newline is never given out: it was cut off.
 */
export class LineSplitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #maxLineBytes: number;

  constructor(maxLineBytes = MAX_LINE_BYTES) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** The lines that `chunk` completes, without newlines; blank lines are left out. Throws RangeError on a line over the limit. */
  *push(chunk: Buffer): Generator<string, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#take(chunk.subarray(start, end));
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** Bytes of the unfinished line. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  #take(tail: Buffer): string {
    if (this.#parts.length === 0) return tail.toString('utf8');
    this.#keep(tail);
    const line = Buffer.concat(this.#parts, this.#bytes).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxLineBytes) throw new RangeError(`line longer than ${this.#maxLineBytes} bytes`);
    this.#parts.push(part);
  }
}
