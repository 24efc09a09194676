import { versionOf } from '../create/existing-backup.ts';
import { headIfAny } from '../create/held-store.ts';
import { openBackup, type ReadableBackup } from './backup-blocks.ts';
import { restoreOpened } from './restore-opened.ts';
import type { RestoreOptions, RestoreResult } from './types.ts';

/**
 * A restore that runs while its lock is waited for: that wait takes two seconds of a free volume. It only reads the store,
 * proves each block by its checksum, and counts for nothing until the config is seen, under the lock, to be the one it went
 * by: a deletion removes the config before any block. Only where ETags tell two configs apart.
 *
 *   running --stop (the volume is not free)--> void
 *   running --result, same config--> what it comes to, good or bad
 *   running --result, another config or none--> void: all is to be done again, over whatever has been written
 */
export class EarlyRestore {
  readonly #options: RestoreOptions;
  readonly #stop = new AbortController();
  readonly #opened: Promise<ReadableBackup | undefined>;
  readonly #running: Promise<RestoreResult | undefined>;
  #hasWritten = false;

  /** Begins. */
  constructor(options: RestoreOptions) {
    // What a stopped run still has to tell is of no interest.
    const onProgress: RestoreOptions['onProgress'] = (progress) => {
      if (!this.#stop.signal.aborted) options.onProgress?.(progress);
    };
    this.#options = { ...options, onProgress };
    this.#opened = options.store.capabilities.etags ? this.#open() : Promise.resolve(undefined);
    this.#running = this.#run();
    this.#running.catch(() => undefined);
  }

  /** Whether the destination may hold what it wrote. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Gives up, and ends when nothing is written any more. Idempotent, harmless at the end; never throws. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => undefined);
  }

  /**
   * MUST be called under the lock: what the restore comes to, or `undefined` when it was void. Throws the restore's error,
   * the signal's reason, or the store's error.
   */
  async result(signal: AbortSignal): Promise<RestoreResult | undefined> {
    const onAbort = (): void => {
      this.#stop.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      if (await this.#isValid(signal)) return await this.#running;
      await this.stop();
      return undefined;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #isValid(signal: AbortSignal): Promise<boolean> {
    const backup = await this.#opened;
    if (backup === undefined || this.#stop.signal.aborted) return false;
    const found = await headIfAny({ store: this.#options.store, signal }, backup.key);
    return found !== undefined && versionOf(found) === backup.version;
  }

  async #open(): Promise<ReadableBackup | undefined> {
    try {
      return await openBackup(this.#options.store, this.#options, this.#stop.signal);
    } catch {
      // Said again, if it is still so, under the lock.
      return undefined;
    }
  }

  async #run(): Promise<RestoreResult | undefined> {
    const backup = await this.#opened;
    if (backup === undefined) return undefined;
    this.#hasWritten = true;
    return await restoreOpened(this.#options, backup, this.#stop.signal);
  }
}
