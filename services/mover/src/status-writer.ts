import { type Clock, sleep } from '@mooring/runtime';

/** What a writer is made with. */
export interface StatusWriterOptions {
  /** Merges members into the object's status. */
  readonly patch: (status: object) => Promise<void>;
  /** Called when a report could not be written; it is written with the next one. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

/** Least milliseconds between the beginnings of two reports. */
const INTERVAL_MS = 1_000;

/**
 * Writes a run's reports to its object: the first at once, later ones at most once a second, the newest of what came meanwhile. One request at
 * a time, so they arrive in order.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #pending: object | undefined;
  #nextAtMs = -Infinity;
  #running: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #ended = new AbortController();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Leaves members of the status to be written; those that are waiting and have the same name are replaced. */
  report(status: object): void {
    this.#pending = { ...this.#pending, ...status };
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Writes members of the status now, with what waits. Throws what `patch` throws; then they are not written later. */
  async write(status: object): Promise<void> {
    await this.#send(status);
  }

  /** Writes what waits, and ends the writer. Failures go to `onError`. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (this.#pending !== undefined) {
      await sleep(clock, Math.max(0, this.#nextAtMs - clock.monotonic()), this.#ended.signal);
      try {
        await this.#send();
      } catch (error) {
        this.#options.onError(error);
        if (this.#ended.signal.aborted) return;
      }
    }
  }

  // In a row: each waits for the one before, and takes what is there by then.
  async #send(status: object = {}): Promise<void> {
    const sent = this.#last.then(async () => {
      const pending = this.#pending;
      this.#pending = undefined;
      if (pending === undefined && Object.keys(status).length === 0) return;
      this.#nextAtMs = this.#options.clock.monotonic() + INTERVAL_MS;
      await this.#options.patch({ ...pending, ...status }).catch((error: unknown) => {
        if (pending !== undefined) this.#pending = { ...pending, ...this.#pending };
        throw error;
      });
    });
    this.#last = sent.catch(() => undefined);
    await sent;
  }
}
