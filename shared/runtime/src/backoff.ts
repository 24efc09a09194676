/** Bounds of an exponential backoff, milliseconds. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** 0 ≤ value < 1; for tests. Default Math.random. */
  readonly random?: () => number;
}

/** Exponential backoff, doubled each time, with up to half of each delay added at random so that a fleet does not come back in one instant. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** The next delay, milliseconds; never above `maxMs`. */
  next(): number {
    const { initialMs, maxMs, random = Math.random } = this.#options;
    const baseMs = Math.min(maxMs, initialMs * 2 ** Math.min(this.#attempts++, 52));
    return Math.min(maxMs, baseMs * (1 + random() / 2));
  }

  /** The next delay is the first again. */
  reset(): void {
    this.#attempts = 0;
  }

  /** Delays given since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }
}
