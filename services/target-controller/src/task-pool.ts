/**
 * Runs tasks in parallel, at most `limit` at once, and gathers what they throw: one bad task stops no other.
 * `add` resolves when the task has begun, so a producer never runs ahead of the pool.
 */
export class TaskPool {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  readonly #errors: unknown[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins `task` as soon as there is room. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    const run = this.#run(task);
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  /** Waits until nothing runs; gives what was thrown since the last call, in the order in which it was thrown. */
  async drain(): Promise<unknown[]> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    return this.#errors.splice(0);
  }

  /** Never rejects. */
  async #run(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#errors.push(error);
    }
  }
}
