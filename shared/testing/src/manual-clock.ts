/** A moment to wake a sleeper. */
interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** How a {@link ManualClock} behaves. */
export interface ManualClockOptions {
  /** Sleeps of at most so many milliseconds pass by themselves, taking the time with them; default 2,000. */
  readonly autoMs?: number;
}

/**
 * Monotonic time that passes only by `advance`, and by short sleeps; fits the clock that @mooring/backupstore takes. So
 * a wait of two seconds costs nothing in a test, and a lock's refresh comes exactly when the test says.
 */
export class ManualClock {
  #nowMs = 1_000;
  readonly #autoMs: number;
  #sleepers: Sleeper[] = [];

  constructor(options: ManualClockOptions = {}) {
    this.#autoMs = options.autoMs ?? 2_000;
  }

  /** Milliseconds; only differences matter. */
  readonly now = (): number => this.#nowMs;

  /** No jitter. */
  readonly random = (): number => 0.5;

  /** Ends when the time has come or the signal fires. */
  readonly sleep = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = (): void => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
      signal?.removeEventListener('abort', wake);
      resolve(undefined);
    };
    const sleeper: Sleeper = { atMs: this.#nowMs + Math.max(0, ms), wake };
    this.#sleepers.push(sleeper);
    signal?.addEventListener('abort', wake, { once: true });
    if (ms <= this.#autoMs) {
      setImmediate(() => {
        if (this.#sleepers.includes(sleeper)) void this.advance(sleeper.atMs - this.#nowMs);
      });
    }
    await promise;
  };

  /** Lets time pass, waking everyone whose time comes on the way, in order; what they start then gets its turn. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + Math.max(0, ms);
    for (;;) {
      const [next] = this.#sleepers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      await turn();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
    await turn();
  }
}

// Long enough for a chain of calls to a store in memory.
async function turn(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise<void>((resolve) => setImmediate(resolve));
}
