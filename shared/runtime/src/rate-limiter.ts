import type { Clock } from './clock.ts';

/** How failing keys are slowed down. */
export interface RateLimiterOptions {
  /** Delay of a key's first retry, milliseconds. Default 5. */
  readonly baseDelayMs?: number | undefined;
  /** Longest delay of a key, milliseconds. Default 1,000,000 (client-go's 1000 s). */
  readonly maxDelayMs?: number | undefined;
  /** Retries of all keys together: `ratePerSecond`, and `burst` at once. Left out: no such limit. client-go: 10 and 100. */
  readonly bucket?: { readonly ratePerSecond: number; readonly burst: number } | undefined;
}

/** Delays of retries as in client-go: per key exponential; optionally a token bucket over all keys; the longer one counts. Remembers failing keys only. */
export class RateLimiter {
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #bucket: TokenBucket | undefined;
  readonly #failures = new Map<string, number>();

  constructor(clock: Clock, options: RateLimiterOptions = {}) {
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 1_000_000;
    this.#bucket = options.bucket === undefined ? undefined : new TokenBucket(clock, options.bucket);
  }

  /** Counts a failure of `key` and gives the delay before its retry, milliseconds. There is no last retry. */
  when(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const ownMs = Math.min(this.#maxDelayMs, this.#baseDelayMs * 2 ** Math.min(failures, 52));
    return Math.max(ownMs, this.#bucket?.reserve() ?? 0);
  }

  /** Failures of `key` since the last `forget`. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** `key` succeeded: its next failure starts at the base delay. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}

class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #countedAt: number;

  constructor(clock: Clock, { ratePerSecond, burst }: { ratePerSecond: number; burst: number }) {
    this.#clock = clock;
    this.#perMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#countedAt = clock.monotonic();
  }

  /** Takes one token, on credit if need be, and gives the wait until it is really there. */
  reserve(): number {
    const nowMs = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#countedAt) * this.#perMs) - 1;
    this.#countedAt = nowMs;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }
}
