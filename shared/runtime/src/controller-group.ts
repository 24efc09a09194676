import type { Controller } from './controller.ts';
import type { EventRecorder } from './events.ts';
import { cacheReadiness, type HealthCheck } from './health.ts';
import type { Freshness } from './informer.ts';

/** What the group needs of an `Informer`, whatever it holds. */
export interface GroupCache {
  start(): void;
  stop(): Promise<void>;
  whenSynced(): Promise<void>;
  freshness(): Freshness;
}

/** What a group is made of. */
export interface ControllerGroupOptions<C> {
  /** By the name that `/readyz` shows. */
  readonly caches: C;
  readonly controllers: readonly Controller[];
  /** Sent to the end when the group stops. */
  readonly events: Pick<EventRecorder, 'flush'>;
  /** Called when nothing runs any more: close connections, take back metrics. */
  readonly onStopped: () => void;
}

/**
 * The controllers of a process with the caches that they decide from. `start` fills the caches, `run` begins to write, `stop` ends both: a
 * standby is started and waits, so that it takes over with warm caches.
 */
export class ControllerGroup<C extends Readonly<Record<keyof C, GroupCache>>> {
  readonly caches: C;
  readonly #options: ControllerGroupOptions<C>;

  constructor(options: ControllerGroupOptions<C>) {
    this.#options = options;
    this.caches = options.caches;
  }

  /** Checks for `/readyz`, by name of the cache. */
  get readiness(): Readonly<Record<string, HealthCheck>> {
    const all = Object.entries<GroupCache>(this.caches);
    return Object.fromEntries(all.map(([name, cache]) => [name, cacheReadiness(cache)]));
  }

  /** Keys that wait and passes that run, of all controllers; both 0: everything waits for a change or for time. */
  get load(): { ready: number; running: number } {
    const loads = this.#options.controllers.map((controller) => controller.load);
    const sum = (of: 'ready' | 'running'): number => loads.reduce((total, load) => total + load[of], 0);
    return { ready: sum('ready'), running: sum('running') };
  }

  /** Begins to fill the caches; resolves when all are complete. Writes nothing. */
  async start(): Promise<void> {
    const caches = this.#cacheList();
    for (const cache of caches) cache.start();
    await Promise.all(caches.map((cache) => cache.whenSynced()));
  }

  /** Begins to run passes. Call it after `start`, and only while leading. */
  run(): void {
    for (const controller of this.#options.controllers) controller.start();
  }

  /** Ends passes (those that still run after `graceMs` are aborted; default as `Controller`), then events, caches, and the rest. */
  async stop(graceMs?: number): Promise<void> {
    await Promise.all(this.#options.controllers.map((controller) => controller.stop(graceMs)));
    await this.#options.events.flush();
    await Promise.all(this.#cacheList().map((cache) => cache.stop()));
    this.#options.onStopped();
  }

  #cacheList(): GroupCache[] {
    return Object.values<GroupCache>(this.caches);
  }
}
