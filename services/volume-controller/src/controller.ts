import { type BackupVolume, LABEL_DELETE_CR_ONLY } from '@mooring/api';
import { TargetStores } from '@mooring/backupstore';
import {
  Controller,
  ControllerGroup,
  EventRecorder,
  type MoverControllerOptions,
  MoverJobs,
  PASSES_PER_TARGET,
  SecretCache,
  systemClock,
  WRITES_IN_FLIGHT,
} from '@mooring/runtime';
import pLimit from 'p-limit';
import {
  BY_TARGET,
  BY_VOLUME,
  type CacheOptions,
  type Caches,
  createCaches,
  keysAsking,
  targetNameOf,
} from './caches.ts';
import { observeCaches } from './metrics.ts';
import type { Parts } from './parts.ts';
import { VolumeReconciler } from './reconciler.ts';
import { RemovalReconciler } from './removal/reconciler.ts';
import {
  createRestoreCaches,
  isTargetNews,
  keysOfStoreVolume,
  type RestoreCacheOptions,
  type RestoreCaches,
  restoringKeys,
  storeVolumeLabel,
} from './restore/caches.ts';
import type { RestoreParts } from './restore/parts.ts';
import { RestoreReconciler } from './restore/reconciler.ts';

/** Lane of BackupVolumes of which only the object goes: their passes need no store, so a hanging one must not hold them up. */
const RELEASE_LANE = ' deleted';

/** Volumes that are removed from stores at once: each holds a few listings and two deletions in flight. */
const REMOVALS_AT_ONCE = 16;

/** Passes over Volumes at once: they talk to the API server alone. */
const RESTORE_PASSES = 16;

/** Makes the controllers with their caches; nothing is read before they are started. */
export function createVolumeController(options: MoverControllerOptions): ControllerGroup<Caches & RestoreCaches> {
  const { client, namespace, allowedSchemes, mover, log, metrics, clock = systemClock, coexistence = false } = options;
  const common = { client, namespace, log, metrics };
  const enqueue = (key: string): void => stored.enqueue(key);
  // A Secret came or changed: what failed for it need not wait for its backoff.
  const onSecret = (name: string): void => keysOfSecret(caches, name).forEach(enqueue);
  const secrets = new SecretCache({ ...common, onChange: onSecret });
  const readSecret = (name: string) => secrets.read(name);
  const stores = new TargetStores({ readSecret, allowedSchemes, readOnly: true });
  const writableStores = new TargetStores({ readSecret, allowedSchemes });
  const watched = { ...common, jobNamespace: mover.namespace, secrets };
  const { caches, work } = watch(watched, {
    enqueue,
    restore: (key) => restored.enqueue(key),
    withdraw: (uid) => removal.withdraw(uid),
    onRun: (run) => runs.forget(run),
    onTargetGone: (target) => [stores, writableStores].forEach((open) => open.forget(target)),
  });
  const events = new EventRecorder({ client, component: 'mooring-volume-controller', clock, log, metrics });
  const limitWrites = pLimit(WRITES_IN_FLIGHT);
  const runs = new MoverJobs({ client, cache: work.runs, namespace: mover.namespace, limitWrites, clock });
  const all = { ...caches, ...work };
  const parts = { client, caches: all, stores, events, clock, limitWrites, runs, mover, coexistence };
  const removal = new RemovalReconciler({ ...parts, writableStores, limitRemovals: pLimit(REMOVALS_AT_ONCE) });
  const { stored, restored } = createControllers(parts, { removal, clock, log, metrics });
  const unobserve = observeCaches(caches);
  const onStopped = (): void => {
    stores.close();
    writableStores.close();
    unobserve();
  };
  return new ControllerGroup({ caches: all, controllers: [stored, restored], events, onStopped });
}

/** What changes call for. */
interface Reactions extends Pick<CacheOptions, 'enqueue' | 'onTargetGone'>, Pick<RestoreCacheOptions, 'onRun'> {
  /** Asks for a pass over the Volume with this key. */
  readonly restore: (key: string) => void;
  /** Ends a removal: only the object with this UID is to go. */
  readonly withdraw: (uid: string) => void;
}

type Watched = Omit<CacheOptions & RestoreCacheOptions, keyof Reactions | 'onTarget' | 'onVolume' | 'onBackup'>;

/** Makes the caches, which know of each other's passes. */
function watch(options: Watched, reactions: Reactions): { readonly caches: Caches; readonly work: RestoreCaches } {
  const { enqueue, restore, withdraw, onRun, onTargetGone } = reactions;
  const work = createRestoreCaches({
    ...options,
    enqueue: restore,
    onRun: (run) => {
      onRun(run);
      keysAsking(caches, BY_VOLUME, `${run.target}/${run.volume}`).forEach(enqueue);
    },
  });
  const caches = createCaches({
    ...options,
    enqueue,
    onTargetGone,
    onTarget: ({ old, new: current }) => {
      if (current !== undefined && isTargetNews(old, current)) restoringKeys(work).forEach(restore);
    },
    onVolume: ({ type, old, new: current }) => {
      const volume = type === 'deleted' ? old : current;
      if (isObjectOnly(volume)) withdraw(volume.metadata.uid ?? '');
      keysOfStoreVolume(work, storeVolumeLabel(volume)).forEach(restore);
    },
    onBackup: ({ volume }) => keysOfStoreVolume(work, volume).forEach(restore),
  });
  return { caches, work };
}

type Run = Pick<MoverControllerOptions, 'clock' | 'log' | 'metrics'> & { readonly removal: RemovalReconciler };

/** One controller for the volumes of the stores, one for those of the cluster. */
function createControllers(parts: Parts & RestoreParts, { removal, ...run }: Run) {
  const volumes = new VolumeReconciler(parts, removal);
  const restores = new RestoreReconciler(parts);
  return {
    stored: new Controller({
      ...run,
      name: 'volume',
      reconcile: (key, context) => volumes.reconcile(key, context),
      lane: (key) => laneOf(parts.caches.volumes.getByKey(key)),
      laneConcurrency: PASSES_PER_TARGET,
    }),
    restored: new Controller({
      ...run,
      name: 'volume-restore',
      reconcile: (key, context) => restores.reconcile(key, context),
      laneConcurrency: RESTORE_PASSES,
    }),
  };
}

function laneOf(volume: BackupVolume | undefined): string {
  return volume === undefined || isObjectOnly(volume) ? RELEASE_LANE : targetNameOf(volume);
}

/** True for one that is being deleted, and whose data stay for certain. */
function isObjectOnly({ metadata }: BackupVolume): boolean {
  return Boolean(metadata.deletionTimestamp) && metadata.labels?.[LABEL_DELETE_CR_ONLY] === 'true';
}

function keysOfSecret(caches: Caches, secretName: string): string[] {
  const users = caches.targets.list().filter(({ spec }) => spec.credentialSecret === secretName);
  return users.flatMap(({ metadata }) => keysAsking(caches, BY_TARGET, metadata.name));
}
