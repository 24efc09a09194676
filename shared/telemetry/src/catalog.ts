/**
 * Every metric there is: the one source of names, types, units, labels and help texts. `metrics` of this package takes no other
 * name, docs/metrics.md is generated from here, and test/integration/metrics.test.ts compares it with what running services export.
 */

/** Who exports a metric: everyone, the five with a ServiceAccount by group, or one. */
export type MetricSource =
  'all' | 'controllers' | 'webhooks' | 'target-controller' | 'volume-controller' | 'backup-controller';

/** One metric. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What 1 means: `seconds`, `bytes`, `Unix seconds`, or what is counted. */
  readonly unit: string;
  /** Their values come from small fixed sets; names of objects only in gauges that are read from a cache. */
  readonly labels: readonly string[];
  /** The help text: one sentence, no full stop. */
  readonly meaning: string;
  readonly from: readonly MetricSource[];
}

const STATES = '0 new, 1 pending, 2 in progress, 3 completed, 4 error, 5 unknown';
const BACKUP_LABELS = ['volume', 'backup', 'recurring_job'] as const;
const REVIEW_LABELS = ['webhook', 'resource', 'operation', 'result'] as const;

/** Longhorn's own (longhorn-manager, `metrics_collector`); dashboards and alerts made for it work unchanged. */
export const longhornMetrics = {
  longhorn_backup_state: {
    type: 'gauge',
    unit: 'state',
    labels: BACKUP_LABELS,
    meaning: `State of a backup: ${STATES}`,
    from: ['backup-controller'],
  },
  longhorn_backup_actual_size_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: BACKUP_LABELS,
    meaning: 'Size of a backup',
    from: ['backup-controller'],
  },
  longhorn_backup_uploaded_data_size_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: BACKUP_LABELS,
    meaning: 'What a backup uploaded for the first time',
    from: ['backup-controller'],
  },
  longhorn_backup_volume_backups_count: {
    type: 'gauge',
    unit: 'Backups',
    labels: ['backup_volume'],
    meaning: 'Backup objects of a backup volume',
    from: ['volume-controller'],
  },
  longhorn_backup_target_backup_volume_count: {
    type: 'gauge',
    unit: 'BackupVolumes',
    labels: ['backup_target'],
    meaning: 'Backup volumes of a backup target',
    from: ['target-controller'],
  },
  longhorn_backup_backing_image_actual_size_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: ['backup_backing_image'],
    meaning: 'Size of a backup backing image',
    from: ['target-controller'],
  },
  longhorn_backup_backing_image_state: {
    type: 'gauge',
    unit: 'state',
    labels: ['backup_backing_image'],
    meaning: `State of a backup backing image: ${STATES}`,
    from: ['target-controller'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Targets, as their objects say, and the syncs of them. */
export const targetMetrics = {
  mooring_target_ready: {
    type: 'gauge',
    unit: '0 or 1',
    labels: ['backup_target', 'reason'],
    meaning: 'Whether the condition Ready of a backup target is True, with its reason',
    from: ['target-controller'],
  },
  mooring_target_last_synced_timestamp_seconds: {
    type: 'gauge',
    unit: 'Unix seconds',
    labels: ['backup_target'],
    meaning: 'When the last successful sync of a backup target began; absent before the first',
    from: ['target-controller'],
  },
  mooring_target_poll_interval_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['backup_target'],
    meaning: 'Time between two polls of a backup target; 0: it is not polled',
    from: ['target-controller'],
  },
  mooring_target_syncs_total: {
    type: 'counter',
    unit: 'syncs',
    labels: ['outcome'],
    meaning: 'Syncs of backup targets by outcome',
    from: ['target-controller'],
  },
  mooring_scan_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['method'],
    meaning: 'Time of one scan of a store; the method is the way it was listed',
    from: ['target-controller'],
  },
  mooring_scanned_volumes_total: {
    type: 'counter',
    unit: 'volumes',
    labels: ['method'],
    meaning: 'Volumes that scans saw',
    from: ['target-controller'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Requests to stores. */
export const storeMetrics = {
  mooring_store_requests_total: {
    type: 'counter',
    unit: 'attempts',
    labels: ['scheme', 'operation', 'result'],
    meaning: 'Attempts at requests to stores; a call with two retries counts three times',
    from: ['controllers'],
  },
  mooring_store_request_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['scheme', 'operation'],
    meaning: 'Time of one attempt at a request to a store',
    from: ['controllers'],
  },
  mooring_store_retries_total: {
    type: 'counter',
    unit: 'attempts',
    labels: ['scheme', 'operation', 'reason'],
    meaning: 'Attempts that were followed by another',
    from: ['controllers'],
  },
  mooring_store_breakers_open: {
    type: 'gauge',
    unit: 'stores',
    labels: ['scheme'],
    meaning: 'Stores whose calls are paused after repeated failures',
    from: ['controllers'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** The webhooks. */
export const admissionMetrics = {
  mooring_admission_reviews_total: {
    type: 'counter',
    unit: 'reviews',
    labels: REVIEW_LABELS,
    meaning: 'Reviews by result: allowed, or the code of the denial (4xx: a rule; 5xx: the webhook could not tell)',
    from: ['webhooks'],
  },
  mooring_admission_review_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: REVIEW_LABELS,
    meaning: 'Time of a review',
    from: ['webhooks'],
  },
  mooring_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    unit: 'Unix seconds',
    labels: ['certificate'],
    meaning: 'End of validity of the certificate that the webhook serves, and of the authority that signed it',
    from: ['webhooks'],
  },
  mooring_certificate_lifetime_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: ['certificate'],
    meaning: 'How long they are valid in all',
    from: ['webhooks'],
  },
  mooring_certificates_written_total: {
    type: 'counter',
    unit: 'writes',
    labels: ['secret'],
    meaning: 'Certificates written to their Secret',
    from: ['webhooks'],
  },
  mooring_ca_bundle_writes_total: {
    type: 'counter',
    unit: 'writes',
    labels: ['configuration'],
    meaning: 'Writes of the caBundle of a webhook configuration',
    from: ['webhooks'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** What runs in every controller and, as far as it has caches and queues, in every webhook. */
export const runtimeMetrics = {
  mooring_leader: {
    type: 'gauge',
    unit: '0 or 1',
    labels: ['lease'],
    meaning: '1 on the replica that holds the lease and works; that of the certificates is held only to write them',
    from: ['all'],
  },
  mooring_reconcile_total: {
    type: 'counter',
    unit: 'passes',
    labels: ['controller', 'result'],
    meaning: 'Reconcile passes by result: done, or the kind of the failure; error: one that was not foreseen',
    from: ['all'],
  },
  mooring_reconcile_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['controller'],
    meaning: 'Time of a reconcile pass',
    from: ['all'],
  },
  mooring_workqueue_depth: {
    type: 'gauge',
    unit: 'keys',
    labels: ['queue'],
    meaning: 'Keys that wait for a worker',
    from: ['all'],
  },
  mooring_workqueue_adds_total: {
    type: 'counter',
    unit: 'keys',
    labels: ['queue'],
    meaning: 'Keys added',
    from: ['all'],
  },
  mooring_workqueue_retries_total: {
    type: 'counter',
    unit: 'keys',
    labels: ['queue'],
    meaning: 'Keys added again after a failure',
    from: ['all'],
  },
  mooring_workqueue_latency_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: ['queue'],
    meaning: 'Time between add and work',
    from: ['all'],
  },
  mooring_informer_objects: {
    type: 'gauge',
    unit: 'objects',
    labels: ['resource'],
    meaning: 'Objects in the cache',
    from: ['all'],
  },
  mooring_informer_lists_total: {
    type: 'counter',
    unit: 'lists',
    labels: ['resource'],
    meaning: 'Complete lists; more than one means that a watch had to begin anew',
    from: ['all'],
  },
  mooring_informer_watches_total: {
    type: 'counter',
    unit: 'watches',
    labels: ['resource'],
    meaning: 'Watches begun',
    from: ['all'],
  },
  mooring_informer_restarts_total: {
    type: 'counter',
    unit: 'ends',
    labels: ['resource', 'reason'],
    meaning: 'Ends of a list or watch by reason',
    from: ['all'],
  },
  mooring_informer_drift_total: {
    type: 'counter',
    unit: 'changes',
    labels: ['resource'],
    meaning:
      'Changes that only the planned list every 8 hours found; more than one now and then means that events are lost',
    from: ['all'],
  },
  mooring_informer_last_contact_timestamp_seconds: {
    type: 'gauge',
    unit: 'Unix seconds',
    labels: ['resource'],
    meaning: 'Time of the last list, event or bookmark',
    from: ['all'],
  },
  mooring_kube_requests_total: {
    type: 'counter',
    unit: 'requests',
    labels: ['verb', 'resource', 'status'],
    meaning: 'Requests to the Kubernetes API server by status (0: no answer)',
    from: ['all'],
  },
  mooring_events_total: {
    type: 'counter',
    unit: 'events',
    labels: ['result'],
    meaning: 'Kubernetes Events by result',
    from: ['controllers'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** The processes themselves, under Prometheus' usual names. */
export const processMetrics = {
  mooring_build_info: {
    type: 'gauge',
    unit: 'always 1',
    labels: ['service', 'version'],
    meaning: 'The running version',
    from: ['all'],
  },
  process_start_time_seconds: {
    type: 'gauge',
    unit: 'Unix seconds',
    labels: [],
    meaning: 'When the process started',
    from: ['all'],
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    meaning: 'Resident memory',
    from: ['all'],
  },
  process_cpu_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: [],
    meaning: 'CPU time used, user and system',
    from: ['all'],
  },
  nodejs_heap_used_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    meaning: "Memory in use on V8's heap",
    from: ['all'],
  },
  nodejs_eventloop_lag_p99_seconds: {
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    meaning: 'Delay of the event loop since the last scrape, 99th percentile',
    from: ['all'],
  },
} as const satisfies Record<string, MetricDefinition>;

/** All of them by name. */
export const metricCatalog = {
  ...longhornMetrics,
  ...targetMetrics,
  ...storeMetrics,
  ...admissionMetrics,
  ...runtimeMetrics,
  ...processMetrics,
};

type Catalog = typeof metricCatalog;

/** Names of the metrics of one type: `MetricName<'counter'>`. */
export type MetricName<Type extends MetricDefinition['type']> = {
  [Name in keyof Catalog]: Catalog[Name]['type'] extends Type ? Name : never;
}[keyof Catalog];
