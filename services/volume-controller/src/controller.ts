import { type BackupVolume, resources, type Scheme } from '@mooring/api';
import { TargetStores } from '@mooring/backupstore';
import {
  type Clock,
  Controller,
  ControllerGroup,
  EventRecorder,
  type KubeClient,
  type Log,
  type Metrics,
  releaseUnownedKinds,
  SecretCache,
  systemClock,
  WRITES_IN_FLIGHT,
} from '@mooring/runtime';
import pLimit from 'p-limit';
import { BY_TARGET, type Caches, createCaches, keysAsking, targetNameOf } from './caches.ts';
import { observeCaches } from './metrics.ts';
import { VolumeReconciler } from './reconciler.ts';

/**
 * Passes of one target that run at once. A pass waits for the store most of its time, and the store's own adaptive limit says how many requests it
 * takes; this only has to be above that: at 750 ms a request, 256 passes of two requests each sync 1,000 volumes in about 4 × 0.75 s.
 */
const PASSES_PER_TARGET = 256;

/** Lane of BackupVolumes that are being deleted: their passes need no store, so a hanging one must not hold them up. */
const RELEASE_LANE = ' deleted';

/** Kinds that this service lets go until it works on them. */
const UNOWNED = [resources.volumes];

/** What the controller is made with. */
export interface VolumeControllerOptions {
  /** Fenced, where there is a leader. */
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly allowedSchemes: readonly Scheme[];
  /** Whether a Longhorn runs in the same cluster; then objects that only it works on are left alone. Default false. */
  readonly coexistence?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** Makes the controller with its caches; nothing is read before they are started. */
export function createVolumeController(options: VolumeControllerOptions): ControllerGroup<Caches> {
  const { client, namespace, allowedSchemes, log, metrics, clock = systemClock } = options;
  const common = { client, namespace, log, metrics };
  const enqueue = (key: string): void => controller.enqueue(key);
  // A Secret came or changed: what failed for it need not wait for its backoff.
  const onSecret = (name: string): void => keysOfSecret(caches, name).forEach(enqueue);
  const secrets = new SecretCache({ ...common, onChange: onSecret });
  const stores = new TargetStores({ readSecret: (name) => secrets.read(name), allowedSchemes, readOnly: true });
  const caches = createCaches({ ...common, secrets, enqueue, onTargetGone: (target) => stores.forget(target) });
  const events = new EventRecorder({ client, component: 'mooring-volume-controller', clock, log, metrics });
  const limitWrites = pLimit(WRITES_IN_FLIGHT);
  const reconciler = new VolumeReconciler({ client, caches, stores, events, clock, limitWrites });
  const controller = new Controller({
    name: 'volume',
    reconcile: (key, context) => reconciler.reconcile(key, context),
    lane: (key) => laneOf(caches.volumes.getByKey(key)),
    laneConcurrency: PASSES_PER_TARGET,
    clock,
    log,
    metrics,
  });
  const types = options.coexistence === true ? [] : UNOWNED;
  const unowned = releaseUnownedKinds({ ...common, types, name: 'volume-release', clock });
  const unobserve = observeCaches(caches);
  const onStopped = (): void => {
    stores.close();
    unobserve();
  };
  const controllers = [controller, unowned.controller];
  return new ControllerGroup({ caches: { ...caches, ...unowned.caches }, controllers, events, onStopped });
}

function laneOf(volume: BackupVolume | undefined): string {
  return volume === undefined || volume.metadata.deletionTimestamp ? RELEASE_LANE : targetNameOf(volume);
}

function keysOfSecret(caches: Caches, secretName: string): string[] {
  const users = caches.targets.list().filter(({ spec }) => spec.credentialSecret === secretName);
  return users.flatMap(({ metadata }) => keysAsking(caches, BY_TARGET, metadata.name));
}
