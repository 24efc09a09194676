import { isStoreError, StoreError } from '../errors.ts';
import type { Operation, StoreCall, StoreClock, Wrapper } from './invoke.ts';

/** Bounds of the limit. */
export interface InFlightLimits {
  /** Requests at once at the start; default 16. */
  readonly initialInFlight: number;
  /** Default 256. */
  readonly maxInFlight: number;
}

// Latency counts as flat up to this multiple of the best seen: a store has queued up beyond it.
const FLAT_RATIO = 2;
const QUEUED_RATIO = 6;
// The best latency is forgotten slowly, so that one lucky answer does not hold the limit down for ever.
const BEST_DRIFT = 1.02;
// Below this, differences are noise of our own process.
const BEST_FLOOR_MS = 1;

/**
 * An in-flight limit that finds the store's own: after each round of as many successes as the limit, all of them with the
 * limit in use, it doubles while latency stays flat, shrinks by a quarter when answers take far longer than the best did,
 * and halves (once a round) when the store throttles. First come, first served.
 */
export class InFlightLimit {
  #limit: number;
  #running = 0;
  #successes = 0;
  #slowdown = 0;
  #wasFull = false;
  #round = 0;
  readonly #max: number;
  readonly #clock: StoreClock;
  readonly #waiting: (() => void)[] = [];
  readonly #best = new Map<Operation, number>();

  constructor(limits: InFlightLimits, clock: StoreClock) {
    this.#limit = limits.initialInFlight;
    this.#max = limits.maxInFlight;
    this.#clock = clock;
  }

  /** Requests allowed at once now. */
  get limit(): number {
    return this.#limit;
  }

  /** Requests running now. */
  get running(): number {
    return this.#running;
  }

  /** The wrapper. */
  readonly wrap: Wrapper = (next) => async (call, run) => {
    await this.#enter(call);
    const startedMs = this.#clock.now();
    const round = this.#round;
    try {
      const result = await next(call, run);
      this.#succeeded(call.operation, this.#clock.now() - startedMs);
      return result;
    } catch (error) {
      if (isStoreError(error, 'Throttled') && round === this.#round) this.#change(this.#limit / 2);
      throw error;
    } finally {
      this.#leave();
    }
  };

  async #enter(call: StoreCall): Promise<void> {
    if (this.#running < this.#limit && this.#waiting.length === 0) {
      this.#running += 1;
    } else {
      this.#wasFull = true;
      await this.#wait(call);
    }
  }

  async #wait({ signal, action }: StoreCall): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        this.#running += 1;
        resolve();
      };
      const giveUp = (): void => {
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(new StoreError('Cancelled', { action, cause: signal?.reason }));
      };
      if (signal?.aborted === true) {
        giveUp();
        return;
      }
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(enter);
    });
  }

  #leave(): void {
    this.#running -= 1;
    while (this.#running < this.#limit) {
      const enter = this.#waiting.shift();
      if (enter === undefined) return;
      enter();
    }
  }

  #succeeded(operation: Operation, latencyMs: number): void {
    const best = Math.max(BEST_FLOOR_MS, Math.min((this.#best.get(operation) ?? latencyMs) * BEST_DRIFT, latencyMs));
    this.#best.set(operation, best);
    this.#successes += 1;
    this.#slowdown += latencyMs / best;
    if (this.#successes < this.#limit) return;
    const ratio = this.#slowdown / this.#successes;
    if (!this.#wasFull) this.#change(this.#limit);
    else if (ratio <= FLAT_RATIO) this.#change(this.#limit * 2);
    else this.#change(ratio >= QUEUED_RATIO ? this.#limit * 0.75 : this.#limit);
  }

  // Begins a new round.
  #change(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#max, Math.floor(limit)));
    this.#successes = 0;
    this.#slowdown = 0;
    this.#wasFull = this.#waiting.length > 0;
    this.#round += 1;
  }
}
