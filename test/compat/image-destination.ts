import { createHash } from 'node:crypto';
import type { Destination } from '@mooring/datapath';

/** A destination in memory that knows which ranges were written. */
export class ImageDestination implements Destination {
  readonly sizeBytes: number;
  readonly bytes: Buffer;
  /** How it ended. */
  outcome: 'open' | 'committed' | 'aborted' = 'open';
  readonly #allocated: [offset: number, length: number][] = [];

  /** `content`: what it holds at first; default zeros. */
  constructor(sizeBytes: number, content?: Buffer) {
    this.sizeBytes = sizeBytes;
    this.bytes = Buffer.alloc(sizeBytes);
    content?.copy(this.bytes);
  }

  /** Ranges that were written, ascending, neighbours joined. */
  get allocated(): [offset: number, length: number][] {
    const joined: [number, number][] = [];
    for (const [offset, length] of this.#allocated.toSorted(([a], [b]) => a - b)) {
      const last = joined.at(-1);
      if (last !== undefined && last[0] + last[1] === offset) last[1] += length;
      else joined.push([offset, length]);
    }
    return joined;
  }

  /** SHA-256 of the whole image. */
  get sha256(): string {
    return createHash('sha256').update(this.bytes).digest('hex');
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await Promise.resolve();
    if (offset + data.length > this.sizeBytes) throw new RangeError('beyond the end');
    this.bytes.set(data, offset);
    this.#allocated.push([offset, data.length]);
  }

  async punchHole(offset: number, length: number): Promise<void> {
    await Promise.resolve();
    this.bytes.fill(0, offset, offset + length);
  }

  async read(offset: number, length: number, buffer: Uint8Array): Promise<void> {
    await Promise.resolve();
    buffer.set(this.bytes.subarray(offset, offset + length));
  }

  async commit(): Promise<void> {
    await Promise.resolve();
    this.outcome = 'committed';
  }

  async abort(): Promise<void> {
    await Promise.resolve();
    if (this.outcome === 'open') this.outcome = 'aborted';
  }
}
