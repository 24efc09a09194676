/** The controllers of this service, wired to their caches; what app.ts runs, and tests run in their own process. */
import { resources } from '@mooring/api';
import type { ResourceType, Scheme } from '@mooring/api';
import { TargetStores } from '@mooring/backupstore';
import { Controller, ControllerGroup, EventRecorder, readSecret } from '@mooring/runtime';
import type { Change, Clock, KubeClient, Log, Metrics } from '@mooring/runtime';
import { createCaches } from './caches.ts';
import type { Watchers } from './caches.ts';
import { observeCaches } from './metrics.ts';
import { DEFAULT_KEY, DefaultReconciler } from './default-reconciler.ts';
import type { Caches, Parts } from './parts.ts';
import { TargetReconciler } from './reconciler.ts';
import { needsRelease, releaseKey, releaseMirror } from './release-reconciler.ts';
import type { Deletable } from './steps/delete-mirror.ts';
import { targetAskedByBackingImage, targetsConcernedBySecret, targetsConcernedByTarget } from './watches.ts';

/** What the controllers are made with. */
export interface TargetControllerOptions {
  /** Fenced, where there is a leader. */
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  /** URL schemes that a target may have. */
  readonly allowedSchemes: readonly Scheme[];
  /** This process, as events name it. */
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

/** Makes the controllers with their caches; nothing is read before they are started. */
export function createTargetController(options: TargetControllerOptions): ControllerGroup<Caches> {
  const { client, namespace, allowedSchemes, clock, metrics, log, random = Math.random } = options;
  const caches = createCaches({ ...options, watchers: watchersOf(() => work) });
  // Read at each use: this service decides what is said about a Secret, so it looks at the newest.
  const stores = new TargetStores({ readSecret: (name) => readSecret(client, { namespace, name }), allowedSchemes });
  const events = new EventRecorder({ ...options, component: 'mooring-target-controller' });
  const parts: Parts = { client, caches, stores, events, clock, log, namespace, random };
  const targets = new TargetReconciler(parts);
  const defaults = new DefaultReconciler(parts);
  const base = { clock, metrics, log, maxDelayMs: MAX_DELAY_MS };
  const work: Work = {
    caches,
    targets,
    defaults,
    targetQueue: new Controller({
      ...base,
      name: 'target',
      reconcile: (key, context) => targets.reconcile(key, context),
      // Each target is a lane of its own: one that hangs holds up no other.
      lane: (key) => key,
      laneConcurrency: 1,
      reconcileTimeoutMs: SYNC_TIMEOUT_MS,
    }),
    releaseQueue: new Controller({ ...base, name: 'target-release', reconcile: (key) => releaseMirror(parts, key) }),
    defaultQueue: new Controller({ ...base, name: 'target-default', reconcile: () => defaults.reconcile() }),
  };
  // Also where no object and no ConfigMap is there to wake it.
  work.defaultQueue.enqueue(DEFAULT_KEY);
  const unobserve = observeCaches(caches);
  const onStopped = (): void => {
    stores.close();
    unobserve();
  };
  const controllers = [work.targetQueue, work.releaseQueue, work.defaultQueue];
  return new ControllerGroup({ caches, controllers, events, onStopped });
}

/** What a change of a cache may wake. */
interface Work {
  readonly caches: Caches;
  readonly targets: TargetReconciler;
  readonly defaults: DefaultReconciler;
  readonly targetQueue: Controller;
  readonly releaseQueue: Controller;
  readonly defaultQueue: Controller;
}

/** Handlers of cache changes. They run only once the caches are started, when everything is made, and only enqueue. */
function watchersOf(work: () => Work): Watchers {
  const release = (type: ResourceType, change: Change<Deletable>): void => {
    if (change.new !== undefined && needsRelease(change.new)) work().releaseQueue.enqueue(releaseKey(type, change.key));
  };
  const wake = (key: string): void => {
    work().targets.interrupt(key);
    work().targetQueue.enqueue(key);
  };
  return {
    onTarget: (change) => {
      const { caches, defaults, defaultQueue } = work();
      targetsConcernedByTarget(change, caches.targets.list()).forEach(wake);
      if (defaults.shouldReconcile(change)) defaultQueue.enqueue(DEFAULT_KEY);
    },
    onSecret: (change) => {
      targetsConcernedBySecret(change, work().caches.targets.list()).forEach(wake);
    },
    onConfigMap: () => {
      work().defaults.configChanged();
      work().defaultQueue.enqueue(DEFAULT_KEY);
    },
    onBackingImage: (change) => {
      release(resources.backupBackingImages, change);
      const key = targetAskedByBackingImage(change);
      if (key === undefined) return;
      work().targets.request(key);
      work().targetQueue.enqueue(key);
    },
    onSystemBackup: (change) => release(resources.systemBackups, change),
  };
}
