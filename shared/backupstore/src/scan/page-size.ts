/** Keys a LIST may return at most (S3, Azure allows 5,000). */
export const MAX_PAGE = 1000;
/** Below this, a page costs its round trip and nothing else. */
export const MIN_PAGE = 32;
// How often a small page is tried large again, so that a region of small volumes is not walked one LIST each.
const RETRY_LARGE_EVERY = 16;

/**
 * How many keys to ask for. Where volumes have many blocks, a page holds one `volume.cfg`, the next volume's backups and
 * then only blocks to be skipped, which cost the server (versitygw: 100 ms a 1,000 keys) and bring nothing: pages shrink
 * until the skipped tail is short. Where volumes are small, pages are full.
 */
export class PageSize {
  #size = MAX_PAGE;
  #pages = 0;

  /** The size for the next page. */
  next(): number {
    this.#pages += 1;
    return this.#pages % RETRY_LARGE_EVERY === 0 ? MAX_PAGE : this.#size;
  }

  /** Learns from a page: `keys` it held, of which the last `tail` were skipped. */
  learn({ keys, tail }: { readonly keys: number; readonly tail: number }): void {
    const isMostlyTail = tail * 2 > keys;
    this.#size = isMostlyTail ? clamp((keys - tail) * 2) : clamp(Math.max(this.#size, keys) * 4);
  }
}

function clamp(size: number): number {
  return Math.min(MAX_PAGE, Math.max(MIN_PAGE, size));
}
