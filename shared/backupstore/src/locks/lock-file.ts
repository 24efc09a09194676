import { isStoreError, StoreError } from '../errors.ts';
import { encodeLock } from '../format/lock.ts';
import type { ObjectInfo } from '../store.ts';
import type { StoreClock } from '../wrappers/invoke.ts';
import { LOCK_DURATION_MS, type SeenLock } from './judge.ts';
import { lockKey, newLockName } from './names.ts';
import type { HeldLock, LockOptions } from './types.ts';

/** After so long without a successful refresh nothing is written any more: 50 s before others take the lock for expired. */
const TRUST_MS = 100_000;

/**
 * Our own lock file, and what is known of it: when it was last written, by the store's clock and by the monotonic one.
 *
 *   absent --write(false)--> waiting --write(true)--> held --remove--> absent
 *                                                     held --100 s, or gone--> lost (for good; the file is left to expire)
 */
export class LockFile implements HeldLock {
  readonly name = newLockName();
  readonly key: string;
  readonly #options: LockOptions;
  readonly #clock: StoreClock;
  readonly #lost = new AbortController();
  // Ends the calls of a refresh that still runs, so that it does not bring the file back.
  readonly #calls = new AbortController();
  #storeMtimeMs = 0;
  // Monotonic, when the last successful write began (for trust) and had ended (for the store's time: never too late).
  #writeBeganMs = 0;
  #writeEndedMs = 0;

  constructor(options: LockOptions, clock: StoreClock) {
    this.#options = options;
    this.#clock = clock;
    this.key = lockKey(options, this.name);
    options.signal?.addEventListener('abort', this.#endCalls, { once: true });
    if (options.signal?.aborted === true) this.#endCalls();
  }

  /** See {@link HeldLock}. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Milliseconds until the lock is not trusted any more; 0 or less when it is not. */
  get trustMs(): number {
    return this.#writeBeganMs + TRUST_MS - this.#clock.now();
  }

  /** Milliseconds since the last write ended; the look at it that follows each write is part of them. */
  get sinceWriteMs(): number {
    return this.#clock.now() - this.#writeEndedMs;
  }

  /** See {@link HeldLock}. */
  assertHeld(): void {
    if (this.trustMs <= 0) this.lose();
    if (this.#lost.signal.aborted) throw this.#lostError();
  }

  /** See {@link HeldLock}. */
  storeNowMs(): number {
    return this.#storeMtimeMs + this.#clock.now() - this.#writeEndedMs;
  }

  /** As others see it. */
  seen(type: number, acquired: boolean): SeenLock {
    return { name: this.name, type, acquired, mtimeMs: this.#storeMtimeMs };
  }

  /** Writes the file and learns the store's time of it. Throws the store's error; `LockLost` when it was gone at once. */
  async write(acquired: boolean): Promise<void> {
    const { store, type } = this.#options;
    const beganMs = this.#clock.now();
    const body = encodeLock({ name: this.name, type, acquired });
    await store.put({ key: this.key, body, ...this.#call() });
    const endedMs = this.#clock.now();
    const { mtimeMs, size } = await this.#look();
    // Others pass over a lock that they cannot read.
    if (size !== body.length) this.#throwLost();
    const wasExpired = this.#storeMtimeMs > 0 && mtimeMs - this.#storeMtimeMs > LOCK_DURATION_MS;
    [this.#storeMtimeMs, this.#writeBeganMs, this.#writeEndedMs] = [mtimeMs, beganMs, endedMs];
    // The monotonic clock stands still while a machine is suspended; the store's does not.
    if (wasExpired) this.#throwLost();
  }

  /** Writes a held lock again, unless it is gone: then it is lost, and MUST NOT come back. Throws as {@link write}. */
  async refresh(): Promise<void> {
    await this.#look();
    this.assertHeld();
    await this.write(true);
  }

  /** Gives up: nothing may be written under this lock any more. */
  lose(): void {
    if (!this.#lost.signal.aborted) this.#lost.abort(this.#lostError());
  }

  /** Removes the file. Throws the store's error. */
  async remove(): Promise<void> {
    this.#endCalls();
    this.#options.signal?.removeEventListener('abort', this.#endCalls);
    await this.#options.store.delete([this.key]);
  }

  async #look(): Promise<ObjectInfo> {
    try {
      return await this.#options.store.head({ key: this.key, ...this.#call() });
    } catch (error) {
      if (!isStoreError(error, 'NotFound')) throw error;
      return this.#throwLost();
    }
  }

  #throwLost(): never {
    this.lose();
    throw this.#lostError();
  }

  #call(): { signal: AbortSignal } {
    return { signal: this.#calls.signal };
  }

  readonly #endCalls = (): void => {
    this.#calls.abort('ended');
  };

  #lostError(): StoreError {
    return new StoreError('LockLost', { action: `keep lock '${this.name}'`, key: this.key });
  }
}
