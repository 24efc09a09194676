export { fixedAuthorization, tokenFileAuthorization, type Authorization } from './authorization.ts';
export { sleep, systemClock, type Clock, type Timer } from './clock.ts';
export { connectionFromEnvironment, connectionFromKubeconfig, type Connection } from './connection.ts';
export { Controller, type ControllerOptions, type ReconcileContext } from './controller.ts';
export { ControllerGroup } from './controller-group.ts';
export { startControllerService } from './controller-service.ts';
export { coreResources } from './core-resources.ts';
export {
  ApiError,
  ConnectionError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isNotFound,
  LeaseLost,
  type ApiErrorDetails,
  type ConnectionErrorReason,
  type ErrorKind,
} from './errors.ts';
export {
  createInformer,
  Informer,
  keyOf,
  splitKey,
  type CachedObject,
  type Change,
  type Freshness,
  type InformerOptions,
} from './informer.ts';
export { Interner } from './interner.ts';
export type {
  CallOptions,
  DeleteOptions,
  ListOptions,
  ListPage,
  PatchOptions,
  RawCall,
  WatchOptions,
  Writable,
} from './kube-calls.ts';
export { KubeClient, type KubeClientOptions, type WriteFence } from './kube-client.ts';
export { noLog, noMetrics, type Counter, type Gauge, type Histogram, type Log, type Metrics } from './observe.ts';
export { errorFacts, type ErrorFacts, type Outcome } from './outcome.ts';
export type { ObjectRef } from './resource-path.ts';
export type { Indexer } from './store.ts';
export type { WatchEvent } from './watch-stream.ts';
export { WorkQueue, type WorkQueueOptions } from './work-queue.ts';
export { EventRecorder, type EventNote, type EventRecorderOptions, type EventSubject } from './events.ts';
export { addFinalizer, hasFinalizer, removeFinalizer, type FinalizerOptions } from './finalizers.ts';
export { cacheReadiness, HealthServer, type HealthCheck, type HealthServerOptions } from './health.ts';
export { LeaderElector, type LeaderElectorOptions } from './leader.ts';
export { releaseUnownedKinds, type UnownedKinds, type UnownedKindsOptions } from './unowned-kinds.ts';
export { runService, type ProcessHost, type ServiceContext, type ServiceOptions } from './process.ts';
export { PASSES_PER_TARGET, type MoverControllerOptions } from './mover-controller.ts';
export { createMoverCache, MoverJobs, type MoverJobsOptions } from './mover-jobs.ts';
export { readSecret, SecretCache, secretVersions, type SecretVersion } from './secrets.ts';
export { releaseFinalizers, type ReleasedFinalizers, type ReleaseFinalizersOptions } from './release-finalizers.ts';
export {
  settle,
  settleObject,
  type Finding,
  type Pass,
  type Settled,
  type SettleInput,
  type Verdict,
} from './settle.ts';
export { stableMessage } from './stable-message.ts';
export { patchObject, patchStatus, type Patchable, type PatchStatusOptions } from './status-writer.ts';
export { WRITES_IN_FLIGHT } from './write-limit.ts';
