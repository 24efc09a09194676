/** Cancels one pending timer. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as the runtime sees it. Everything that waits or compares times takes one, so that tests advance it by hand.
 * Deadlines and ages use `monotonic`, which never jumps; `now` is only for what other machines read.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Monotonic clock, milliseconds since an arbitrary start, with fractions. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds; not above 0: as soon as this has returned. */
  setTimeout(fn: () => void, ms: number): Timer;
}

/** Longest delay that Node's timers take (2^31-1 ms, 24.8 days); a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The machine's clocks. A delay below 0, of a time that has just passed, counts as 0: Node would warn of it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => {
    const handle = setTimeout(fn, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Resolves after `ms` milliseconds of `clock`, or at once when `signal` aborts: it never rejects, so callers check the signal.
 * Leaves no listener behind.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

interface ManualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock for tests: stands still until `advance`. Wall and monotonic time move together unless `setNow` says otherwise. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #timers = new Set<ManualTimer>();

  /** `startMs`: the wall clock's first value, milliseconds since 1970. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const timer: ManualTimer = { dueMs: this.#monotonicMs + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Timers that wait. A test that ends with some left has found a leak. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Makes the wall clock jump (as NTP or an operator would); timers and the monotonic clock do not notice. */
  setNow(ms: number): void {
    this.#nowMs = ms;
  }

  /** Moves time on by `ms`, firing what falls due in order, and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settlePromises();
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#timers.delete(next);
      this.#moveTo(next.dueMs);
      next.fn();
      await settlePromises();
    }
    this.#moveTo(endMs);
    await settlePromises();
  }

  #nextDue(endMs: number): ManualTimer | undefined {
    let first: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}

/** One turn of the event loop: every promise that can settle without I/O has settled. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
