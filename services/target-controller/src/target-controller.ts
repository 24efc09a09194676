/** The controllers of this service, wired to their caches; what app.ts runs, and tests run in their own process. */
import { resources } from '@mooring/api';
import type { ResourceType } from '@mooring/api';
import { TargetStores } from '@mooring/backupstore';
import { Controller, EventRecorder } from '@mooring/runtime';
import type { Change, Clock, KubeClient, Log, Metrics, Outcome } from '@mooring/runtime';
import { createCaches } from './caches.ts';
import type { Watchers } from './caches.ts';
import { DEFAULT_KEY, DefaultReconciler } from './default-reconciler.ts';
import type { Caches, Parts } from './parts.ts';
import { TargetReconciler } from './reconciler.ts';
import { releaseKey, releaseMirror } from './release-reconciler.ts';
import type { Deletable } from './steps/delete-mirror.ts';
import { targetAskedByBackingImage, targetsConcernedBySecret, targetsConcernedByTarget } from './watches.ts';

/** What the controllers are made with. */
export interface TargetControllerOptions {
  /** For reads and watches. */
  readonly client: KubeClient;
  /** For writes; usually `client.fenced(elector)`. */
  readonly fenced: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly allowedSchemes: readonly string[];
  readonly instance: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** 0 ≤ value < 1; default Math.random. */
  readonly random?: () => number;
}

/** Longest backoff of a pass that failed inside the cluster; failures of stores have their own. */
const MAX_DELAY_MS = 60_000;

/** A pass over a very large, very slow store: 10,000 volumes at 750 ms and 32 at once take 4 minutes. */
const SYNC_TIMEOUT_MS = 1_800_000;

/** The service's controllers and caches. `watch`, then `work` as leader, then `stop`. */
export class TargetController {
  readonly caches: Caches;
  readonly #parts: Parts;
  readonly #reconciler: TargetReconciler;
  readonly #defaults: DefaultReconciler;
  readonly #targetQueue: Controller;
  readonly #releaseQueue: Controller;
  readonly #defaultQueue: Controller;

  constructor(options: TargetControllerOptions) {
    const { fenced, namespace, allowedSchemes, clock, metrics, log } = options;
    this.caches = createCaches({ ...options, watchers: this.#watchers() });
    this.#parts = {
      client: fenced,
      caches: this.caches,
      stores: new TargetStores(),
      events: new EventRecorder({ ...options, client: fenced, component: 'mooring-target-controller' }),
      clock,
      log,
      namespace,
      allowedSchemes,
      random: options.random ?? Math.random,
    };
    this.#reconciler = new TargetReconciler(this.#parts);
    this.#defaults = new DefaultReconciler(this.#parts);
    const base = { clock, metrics, log, maxDelayMs: MAX_DELAY_MS };
    this.#targetQueue = new Controller({
      ...base,
      name: 'target',
      reconcile: (key, context) => this.#reconciler.reconcile(key, context),
      // Each target is a lane of its own: one that hangs holds up no other.
      lane: (key) => key,
      laneConcurrency: 1,
      reconcileTimeoutMs: SYNC_TIMEOUT_MS,
    });
    const releaseOne = (key: string): Promise<Outcome> => releaseMirror(this.#parts, key);
    this.#releaseQueue = new Controller({ ...base, name: 'target-release', reconcile: releaseOne });
    this.#defaultQueue = new Controller({
      ...base,
      name: 'target-default',
      reconcile: () => this.#defaults.reconcile(),
    });
  }

  /** Starts the caches; resolves when all are complete. */
  async watch(): Promise<void> {
    const all = Object.values(this.caches) as Caches[keyof Caches][];
    for (const cache of all) cache.start();
    await Promise.all(all.map((cache) => cache.whenSynced()));
  }

  /** Begins to reconcile. Call it as leader, after `watch`. */
  work(): void {
    this.#defaultQueue.enqueue(DEFAULT_KEY);
    for (const queue of [this.#targetQueue, this.#releaseQueue, this.#defaultQueue]) queue.start();
  }

  /** Passes over targets that run or are due now; 0: everything waits for a change or for time. */
  get activePasses(): number {
    const { ready, running } = this.#targetQueue.load;
    return ready + running;
  }

  /** Ends the passes (those still running after `graceMs` are aborted), then the caches and the connections to stores. */
  async stop(graceMs?: number): Promise<void> {
    const queues = [this.#targetQueue, this.#releaseQueue, this.#defaultQueue];
    await Promise.all(queues.map((queue) => queue.stop(graceMs)));
    await this.#parts.events.flush();
    await Promise.all(Object.values(this.caches).map((cache: { stop(): Promise<void> }) => cache.stop()));
    this.#parts.stores.close();
  }

  /** Handlers of cache changes; they run only after `watch`, when everything is made, and only enqueue. */
  #watchers(): Watchers {
    const release = (type: ResourceType, change: Change<Deletable>): void => {
      if (change.new?.metadata.deletionTimestamp) this.#releaseQueue.enqueue(releaseKey(type, change.key));
    };
    return {
      onTarget: (change) => {
        for (const key of targetsConcernedByTarget(change, this.caches.targets.list())) this.#wake(key);
        if (this.#defaults.shouldReconcile(change)) this.#defaultQueue.enqueue(DEFAULT_KEY);
      },
      onSecret: (change) => {
        for (const key of targetsConcernedBySecret(change, this.caches.targets.list())) this.#wake(key);
      },
      onConfigMap: () => {
        this.#defaults.configChanged();
        this.#defaultQueue.enqueue(DEFAULT_KEY);
      },
      onBackingImage: (change) => {
        release(resources.backupBackingImages, change);
        const key = targetAskedByBackingImage(change);
        if (key === undefined) return;
        this.#reconciler.request(key);
        this.#targetQueue.enqueue(key);
      },
      onSystemBackup: (change) => release(resources.systemBackups, change),
    };
  }

  #wake(key: string): void {
    this.#reconciler.interrupt(key);
    this.#targetQueue.enqueue(key);
  }
}
