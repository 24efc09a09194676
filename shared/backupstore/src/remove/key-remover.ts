import type { HeldLock } from '../locks/types.ts';
import type { ObjectStore } from '../store.ts';

// A DeleteObjects takes 1,000 keys; without it, so many that one call ends well within its time.
const BATCH = { keys: 1000, calls: 2 };
const SINGLES = { keys: 32, calls: 8 };

/** Removes any number of keys under a lock, in as few requests as the store allows, while more are still being found. */
export class KeyRemover {
  readonly #store: ObjectStore;
  readonly #lock: HeldLock;
  readonly #signal: AbortSignal;
  readonly #limits: typeof BATCH;
  readonly #running = new Set<Promise<void>>();
  #keys: string[] = [];
  #failure: { readonly error: unknown } | undefined;
  #removed = 0;

  constructor(options: { readonly store: ObjectStore; readonly lock: HeldLock; readonly signal: AbortSignal }) {
    this.#store = options.store;
    this.#lock = options.lock;
    this.#signal = options.signal;
    this.#limits = options.store.capabilities.batchDelete ? BATCH : SINGLES;
  }

  /** Keys removed so far. */
  get removed(): number {
    return this.#removed;
  }

  /** Takes a key; waits while enough calls are running. Throws the first failure of any call. */
  async add(key: string): Promise<void> {
    this.#keys.push(key);
    if (this.#keys.length >= this.#limits.keys) await this.#send();
  }

  /** Removes the rest and waits for all calls. Throws the first failure. */
  async end(): Promise<void> {
    if (this.#keys.length > 0) await this.#send();
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  /** Waits for the calls that are running, and forgets the rest: after a failure elsewhere. Never throws. */
  async stop(): Promise<void> {
    this.#keys = [];
    await Promise.all(this.#running);
  }

  async #send(): Promise<void> {
    while (this.#running.size >= this.#limits.calls) await Promise.race(this.#running);
    this.#throwFailure();
    const keys = this.#keys;
    this.#keys = [];
    this.#signal.throwIfAborted();
    this.#lock.assertHeld();
    const call = this.#remove(keys).finally(() => {
      this.#running.delete(call);
    });
    this.#running.add(call);
  }

  async #remove(keys: readonly string[]): Promise<void> {
    try {
      await this.#store.delete(keys, { signal: this.#signal });
      this.#removed += keys.length;
    } catch (error) {
      this.#failure ??= { error: this.#signal.aborted ? this.#signal.reason : error };
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
