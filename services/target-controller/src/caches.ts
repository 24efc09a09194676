/** The informers, and what they keep. */
import { LABEL_BACKUP_TARGET, LABEL_BACKUP_VOLUME, labelValue, resources } from '@mooring/api';
import type { Backup, BackupBackingImage, BackupTarget, BackupVolume, SystemBackup } from '@mooring/api';
import { coreResources, createInformer, secretVersions } from '@mooring/runtime';
import type { Change, Clock, InformerOptions, KubeClient, Log, Metrics, SecretVersion } from '@mooring/runtime';
import { DEFAULT_RESOURCE_CONFIG_MAP } from './default-target.ts';
import { targetOfSystemBackup } from './system-backup-diff.ts';
import type { BackupEntry, Caches, ConfigMap } from './parts.ts';

/** Called after a change of the cache; may only enqueue. */
export interface Watchers {
  readonly onTarget: (change: Change<BackupTarget>) => void;
  readonly onSecret: (change: Change<SecretVersion>) => void;
  readonly onConfigMap: (change: Change<ConfigMap>) => void;
  readonly onBackingImage: (change: Change<BackupBackingImage>) => void;
  readonly onSystemBackup: (change: Change<SystemBackup>) => void;
}

/** What the informers are made with. */
export interface CacheOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly watchers: Watchers;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Makes all informers; none is started. */
export function createCaches(options: CacheOptions): Caches {
  const { watchers } = options;
  const { client, namespace, clock, metrics, log } = options;
  const base = { client, namespace, clock, metrics, log };
  return {
    targets: createInformer<BackupTarget>({ ...base, type: resources.backupTargets, onChange: watchers.onTarget }),
    volumes: createInformer<BackupVolume>({ ...base, ...volumeCache }),
    backups: createInformer<BackupEntry>({ ...base, ...backupCache }),
    backingImages: createInformer<BackupBackingImage>({
      ...base,
      type: resources.backupBackingImages,
      indexers: {
        target: (object) => [object.spec.backupTargetName ?? object.metadata.labels?.[LABEL_BACKUP_TARGET] ?? ''],
      },
      onChange: watchers.onBackingImage,
    }),
    systemBackups: createInformer<SystemBackup>({
      ...base,
      type: resources.systemBackups,
      indexers: { target: (object) => [targetOfSystemBackup(object)] },
      onChange: watchers.onSystemBackup,
    }),
    secrets: createInformer<SecretVersion>({ ...base, ...secretVersions, onChange: watchers.onSecret }),
    configMaps: createInformer<ConfigMap>({
      ...base,
      type: coreResources.configMaps,
      fieldSelector: `metadata.name=${DEFAULT_RESOURCE_CONFIG_MAP}`,
      onChange: watchers.onConfigMap,
    }),
  };
}

type CacheShape<T> = Pick<InformerOptions<T>, 'type' | 'transform' | 'indexers' | 'metadataOnly'>;

const volumeCache: CacheShape<BackupVolume> = {
  type: resources.backupVolumes,
  // Labels and messages of a volume are up to kilobytes and of no use here; the two times say whether a sync is pending.
  transform: (object) => ({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: object.metadata,
    spec: object.spec,
    status: {
      lastSyncedAt: object.status?.lastSyncedAt ?? null,
      observedSyncRequestedAt: object.status?.observedSyncRequestedAt ?? null,
    },
  }),
  indexers: {
    target: (object) => [object.spec.backupTargetName || (object.metadata.labels?.[LABEL_BACKUP_TARGET] ?? '')],
  },
};

const backupCache: CacheShape<BackupEntry> = {
  type: resources.backups,
  transform: (object) => toBackupEntry(object as unknown as Backup),
  indexers: { volume: ({ countedIn }) => (countedIn === undefined ? [] : [countedIn]) },
};

/** Under which the Backups of a volume are counted: target and volume as label values. */
export function backupsKey(target: string, volume: string): string {
  return `${labelValue(target)}/${labelValue(volume)}`;
}

/**
 * What is kept of a Backup. It counts when it mirrors the store: pulled from there (no `snapshotName`) or completed. One that is being
 * taken has no place in the count, though its config may be in the store already; nor has one that is being deleted: its volume is
 * then looked at again, and the Backup comes back.
 */
export function toBackupEntry({ metadata, spec, status }: Backup): BackupEntry {
  const labels = metadata.labels ?? {};
  const mirrors = !metadata.deletionTimestamp && (!spec.snapshotName || status?.state === 'Completed');
  return {
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
    },
    countedIn: mirrors ? `${labels[LABEL_BACKUP_TARGET] ?? ''}/${labels[LABEL_BACKUP_VOLUME] ?? ''}` : undefined,
  };
}
