import { resources } from '@mooring/api';
import type { BackupTarget, Setting, Volume } from '@mooring/api';
import { cacheReadiness, createInformer } from '@mooring/runtime';
import type { Clock, HealthCheck, Informer, KubeClient, Log, Metrics } from '@mooring/runtime';

/** What the caches are made of. */
export interface FactCachesOptions {
  readonly client: KubeClient;
  readonly objectNamespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * The kinds that reviews ask for all the time and that are few. Snapshots, Backups and Secrets are read live by name
 * instead: there may be 20,000 of them, and a review needs one.
 */
export interface FactCaches {
  readonly targets: Informer<BackupTarget>;
  readonly volumes: Informer<Volume>;
  readonly settings: Informer<Setting>;
  start(): void;
  stop(): Promise<void>;
  /** Readiness by name of the cache. */
  readonly readiness: Readonly<Record<string, HealthCheck>>;
}

/** Makes the caches of one object namespace; nothing is asked before `start`. */
export function createFactCaches(options: FactCachesOptions): FactCaches {
  const { objectNamespace: namespace, client, clock, log, metrics } = options;
  const shared = { client, namespace, clock, log, metrics };
  const targets = createInformer<BackupTarget>({ ...shared, type: resources.backupTargets });
  // The status of a Volume may be large, and no rule reads it.
  const volumes = createInformer<Volume>({
    ...shared,
    type: resources.volumes,
    transform: ({ status: _status, ...volume }) => volume,
  });
  const settings = createInformer<Setting>({ ...shared, type: resources.settings });
  const all = { targets, volumes, settings };
  return {
    ...all,
    start: () => Object.values(all).forEach((informer) => informer.start()),
    stop: async () => {
      await Promise.all(Object.values(all).map((informer) => informer.stop()));
    },
    readiness: Object.fromEntries(
      Object.entries(all).map(([name, informer]) => [`cache-${name}`, cacheReadiness(informer)]),
    ),
  };
}
