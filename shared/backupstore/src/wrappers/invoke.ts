import type { StoreError } from '../errors.ts';

/** The operations of a store, as in metrics and spans. */
export type Operation = 'list' | 'head' | 'get' | 'put' | 'delete';

/** One call of a store, as the wrappers see it. */
export interface StoreCall {
  readonly operation: Operation;
  /** For errors: `list 'backupstore/…'`, `read object '…'`. */
  readonly action: string;
  readonly key?: string;
  /** Bytes expected to be moved, 0 when small or unknown; allows the call more time. */
  readonly bytes: number;
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined;
}

/** Runs one call; `run` may be called several times, each time with the signal of that attempt. */
export type Invoke = <T>(call: StoreCall, run: (signal: AbortSignal | undefined) => Promise<T>) => Promise<T>;

/** A wrapper: the same calls, with something added. */
export type Wrapper = (next: Invoke) => Invoke;

// The innermost one: just runs the call.
const direct: Invoke = async (call, run) => await run(call.signal);

/** Puts wrappers round each other, the first outermost. */
export function compose(...wrappers: readonly Wrapper[]): Invoke {
  return wrappers.reduceRight((next, wrapper) => wrapper(next), direct);
}

/** Time, so that tests need not wait. */
export interface StoreClock {
  /** Milliseconds, only differences matter. */
  readonly now: () => number;
  /** Resolves after `ms`, or at once when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
}

/** The system's time. */
export const systemStoreClock: StoreClock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(ms, 0));
      signal?.addEventListener('abort', end, { once: true });
      if (signal?.aborted === true) end();
    });
  },
  random: Math.random,
};

/** An error thrown without asking the store, because it has failed too often: the error of its last failure. Never retried. */
export class CallsPaused extends Error {
  override readonly name = 'CallsPaused';
  readonly lastFailure: StoreError;

  constructor(lastFailure: StoreError) {
    super('calls are paused', { cause: lastFailure });
    this.lastFailure = lastFailure;
  }
}
