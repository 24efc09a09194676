import type { BackupTarget, Scheme } from '@mooring/api';
import {
  type Clock,
  Controller,
  EventRecorder,
  type HealthCheck,
  cacheReadiness,
  type KubeClient,
  type Log,
  type Metrics,
  systemClock,
} from '@mooring/runtime';
import pLimit from 'p-limit';
import { BY_TARGET, type Caches, createCaches, keysAsking } from './caches.ts';
import { observeCaches } from './metrics.ts';
import { BackupReconciler } from './reconciler.ts';
import { TargetOpener } from './target-opener.ts';

/**
 * Passes of one target that run at once. A pass waits for the store most of its time, and the store's own adaptive limit says how many requests it
 * takes; this only has to be above that: at 750 ms a request, 256 passes of one request each read 1,000 backups in about 4 × 0.75 s.
 */
const PASSES_PER_TARGET = 256;

/**
 * Writes to the API server at once. At 5 ms a write, 32 in flight are 6,400 a second, more than one API server takes; each one more costs a TLS
 * connection. The server's own limit for all clients together is 200 (--max-mutating-requests-inflight).
 */
const WRITES_IN_FLIGHT = 32;

/** Lane of Backups that are being deleted: their passes need no store, so a hanging one must not hold them up. */
const RELEASE_LANE = ' deleted';

/** What the controller is composed of. */
export interface BackupControllerOptions {
  /** Fenced, where there is a leader. */
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly allowedSchemes: readonly Scheme[];
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** The controller with its caches: `start` fills the caches, `run` begins to write, `stop` ends both. */
export class BackupController {
  readonly caches: Caches;
  readonly #controller: Controller;
  readonly #opener: TargetOpener;
  readonly #events: EventRecorder;
  readonly #unobserve: () => void;

  constructor(options: BackupControllerOptions) {
    const { client, namespace, allowedSchemes, log, metrics, clock = systemClock } = options;
    const common = { client, namespace, log, metrics };
    const enqueue = (key: string): void => this.#controller.enqueue(key);
    const onTargetGone = (target: BackupTarget): void => this.#opener.forget(target);
    this.caches = createCaches({ ...common, enqueue, onTargetGone });
    const onSecret = (name: string): void => this.#retryTargetsOf(name);
    this.#opener = new TargetOpener({ ...common, allowedSchemes, onSecret });
    this.#events = new EventRecorder({ client, component: 'mooring-backup-controller', clock, log, metrics });
    const limitWrites = pLimit(WRITES_IN_FLIGHT);
    const parts = { client, caches: this.caches, stores: this.#opener, events: this.#events, clock, limitWrites };
    const reconciler = new BackupReconciler(parts);
    this.#controller = new Controller({
      name: 'backup',
      reconcile: (key, context) => reconciler.reconcile(key, context),
      lane: (key) => this.#laneOf(key),
      laneConcurrency: PASSES_PER_TARGET,
      clock,
      log,
      metrics,
    });
    this.#unobserve = observeCaches(this.caches);
  }

  /** Checks for `/readyz`, by name. */
  get readiness(): Readonly<Record<string, HealthCheck>> {
    const { volumes, backups, targets } = this.caches;
    return {
      backupvolumes: cacheReadiness(volumes),
      backups: cacheReadiness(backups),
      backuptargets: cacheReadiness(targets),
      secrets: cacheReadiness(this.#opener.secrets),
    };
  }

  /** Keys that wait and passes that run; both 0: nothing to do. */
  get load(): { ready: number; running: number } {
    return this.#controller.load;
  }

  /** Begins to fill the caches; resolves when all are complete. Writes nothing. */
  async start(): Promise<void> {
    const informers = this.#informers();
    for (const informer of informers) informer.start();
    await Promise.all(informers.map((informer) => informer.whenSynced()));
  }

  /** Begins to run passes; call it after `start`, and only while leading. */
  run(): void {
    this.#controller.start();
  }

  /** Ends passes (they get `graceMs`), then caches, then connections to stores. */
  async stop(graceMs?: number): Promise<void> {
    await this.#controller.stop(graceMs);
    await this.#events.flush();
    await Promise.all(this.#informers().map((informer) => informer.stop()));
    this.#opener.close();
    this.#unobserve();
  }

  #informers(): { start(): void; stop(): Promise<void>; whenSynced(): Promise<void> }[] {
    const { volumes, backups, targets } = this.caches;
    return [volumes, backups, targets, this.#opener.secrets];
  }

  #laneOf(key: string): string {
    const entry = this.caches.backups.getByKey(key);
    return entry === undefined || entry.isDeleting ? RELEASE_LANE : entry.target;
  }

  /** A Secret came or changed: what failed for it need not wait for its backoff. */
  #retryTargetsOf(secretName: string): void {
    for (const { spec, metadata } of this.caches.targets.list()) {
      if (spec.credentialSecret !== secretName) continue;
      for (const key of keysAsking(this.caches, BY_TARGET, metadata.name)) this.#controller.enqueue(key);
    }
  }
}
