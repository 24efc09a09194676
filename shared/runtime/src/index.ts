export { fixedAuthorization, tokenFileAuthorization, type Authorization } from './authorization.ts';
export { Backoff, type BackoffOptions } from './backoff.ts';
export { sleep, systemClock, type Clock, type Timer } from './clock.ts';
export { connectionFromEnvironment, connectionFromKubeconfig, type Connection } from './connection.ts';
export { Controller, type ControllerOptions, type ReconcileContext } from './controller.ts';
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
export {
  KubeClient,
  type CallOptions,
  type DeleteOptions,
  type KubeClientOptions,
  type ListOptions,
  type ListPage,
  type PatchOptions,
  type RawCall,
  type WatchOptions,
  type WriteFence,
} from './kube-client.ts';
export { noLog, noMetrics, type Counter, type Gauge, type Histogram, type Log, type Metrics } from './observe.ts';
export { errorFacts, type ErrorFacts, type Outcome } from './outcome.ts';
export { apiVersionOf, resourcePath, type ObjectRef } from './resource-path.ts';
export type { Indexer } from './store.ts';
export type { WatchEvent } from './watch-stream.ts';
export { WorkQueue, type WorkQueueOptions } from './work-queue.ts';
