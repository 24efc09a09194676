import { resources } from '@mooring/api';
import { TargetStores } from '@mooring/backupstore';
import {
  Controller,
  ControllerGroup,
  EventRecorder,
  type MoverControllerOptions,
  MoverJobs,
  PASSES_PER_TARGET,
  releaseUnownedKinds,
  SecretCache,
  systemClock,
  WRITES_IN_FLIGHT,
} from '@mooring/runtime';
import pLimit from 'p-limit';
import type { BackupEntry } from './backup-entry.ts';
import { BY_TARGET, type Caches, createCaches, keysAsking } from './caches.ts';
import { ChangeHub } from './change-hub.ts';
import { type CreationParts, CreationReconciler } from './creation/reconciler.ts';
import { observeCaches } from './metrics.ts';
import { BackupReconciler } from './reconciler.ts';
import { type RemovalParts, RemovalReconciler } from './removal/reconciler.ts';
import { SnapshotReconciler } from './snapshots/reconciler.ts';
import { volumeKey } from './volume-entry.ts';
import { VerificationReconciler } from './verification/reconciler.ts';
import { createWorkCaches, type WorkCaches } from './work-caches.ts';

/** Lane of Backups that are being deleted: their passes need no store, so a hanging one must not hold them up. */
const RELEASE_LANE = ' deleted';

/** A deletion waits for the store's lock and may remove millions of blocks; it ends by itself, milliseconds. */
const REMOVAL_TIMEOUT_MS = 24 * 3_600_000;

/** Kinds that this service lets go until it works on them. */
const UNOWNED = [resources.recurringJobs];

/** Makes the controllers with their caches; nothing is read before they are started. */
export function createBackupController(options: MoverControllerOptions): ControllerGroup<Caches & WorkCaches> {
  const { client, namespace, allowedSchemes, log, metrics, clock = systemClock, coexistence = false } = options;
  const common = { client, namespace, log, metrics };
  const hub = new ChangeHub(namespace);
  // A Secret came or changed: what failed for it need not wait for its backoff.
  const onSecret = (name: string): void => {
    keysOfSecret(caches, name).forEach((key) => pulled.enqueue(key));
    targetsOfSecret(caches, name).forEach((target) => hub.onTarget(target));
  };
  const secrets = new SecretCache({ ...common, onChange: onSecret });
  const readSecret = (name: string) => secrets.read(name);
  const stores = new TargetStores({ readSecret, allowedSchemes, readOnly: true });
  const writableStores = new TargetStores({ readSecret, allowedSchemes });
  const caches = createCaches({
    ...common,
    secrets,
    enqueue: (key) => pulled.enqueue(key),
    onLocal: (change) => hub.onBackup(change),
    onVerifiable: (change) => hub.onVerifiable(change),
    onRemoval: (key) => removal.enqueue(key),
    onRemoved: (entry) => hub.onRemoved(entry),
    onTarget: (name) => hub.onTarget(name),
    onTargetGone: (target) => {
      stores.forget(target);
      writableStores.forget(target);
    },
  });
  const work = createWorkCaches({ ...common, jobNamespace: options.mover.namespace, hub });
  const events = new EventRecorder({ client, component: 'mooring-backup-controller', clock, log, metrics });
  const limitWrites = pLimit(WRITES_IN_FLIGHT);
  const movers = new MoverJobs({ client, cache: work.jobs, namespace: options.mover.namespace, limitWrites, clock });
  const parts = { client, caches, stores, events, clock, limitWrites, namespace, work, movers, coexistence };
  const made = { ...parts, writableStores, moverSettings: options.mover };
  const { pulled, creation, removal, snapshot, verification } = createControllers(made, { clock, log, metrics });
  hub.connect({ caches, work, movers, creation, removal, snapshot, verification });
  const unowned = releaseUnownedKinds({ ...common, types: coexistence ? [] : UNOWNED, name: 'backup-release', clock });
  const unobserve = observeCaches(caches);
  const onStopped = (): void => {
    stores.close();
    writableStores.close();
    unobserve();
  };
  const controllers = [pulled, creation, removal, snapshot, verification, unowned.controller];
  return new ControllerGroup({ caches: { ...caches, ...work, ...unowned.caches }, controllers, events, onStopped });
}

type Run = Pick<MoverControllerOptions, 'clock' | 'log' | 'metrics'>;

/** One controller for what is pulled, one each for what is made and removed here (one pass at a time in a volume), and one for snapshots. */
function createControllers(parts: CreationParts & RemovalParts, run: Run) {
  const { backups } = parts.caches;
  const reconcilers = {
    pulled: new BackupReconciler(parts),
    creation: new CreationReconciler(parts),
    removal: new RemovalReconciler(parts),
    snapshot: new SnapshotReconciler(parts),
    verification: new VerificationReconciler(parts),
  };
  const pair = { ...run, lane: (key: string) => pairOf(backups.getByKey(key)), laneConcurrency: 1 };
  return {
    pulled: new Controller({
      ...run,
      name: 'backup',
      reconcile: (key, context) => reconcilers.pulled.reconcile(key, context),
      lane: (key) => laneOf(backups.getByKey(key)),
      laneConcurrency: PASSES_PER_TARGET,
    }),
    creation: new Controller({
      ...pair,
      name: 'backup-creation',
      reconcile: (key, context) => reconcilers.creation.reconcile(key, context),
    }),
    removal: new Controller({
      ...pair,
      name: 'backup-removal',
      reconcile: (key, context) => reconcilers.removal.reconcile(key, context),
      reconcileTimeoutMs: REMOVAL_TIMEOUT_MS,
    }),
    snapshot: new Controller({ ...run, name: 'snapshot', reconcile: (key) => reconcilers.snapshot.reconcile(key) }),
    verification: new Controller({
      ...run,
      name: 'backup-verification',
      reconcile: (key) => reconcilers.verification.reconcile(key),
    }),
  };
}

function laneOf(entry: BackupEntry | undefined): string {
  return entry === undefined || entry.isDeleting ? RELEASE_LANE : entry.target;
}

function pairOf(entry: BackupEntry | undefined): string {
  return entry === undefined ? '' : volumeKey(entry.target, entry.volume);
}

function targetsOfSecret({ targets }: Caches, secretName: string): string[] {
  const users = targets.list().filter(({ spec }) => spec.credentialSecret === secretName);
  return users.map(({ metadata }) => metadata.name);
}

function keysOfSecret(caches: Caches, secretName: string): string[] {
  return targetsOfSecret(caches, secretName).flatMap((target) => keysAsking(caches, BY_TARGET, target));
}
