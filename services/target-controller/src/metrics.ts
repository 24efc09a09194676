/** The metrics of this service; names without `mooring_` are Longhorn's. */
import { backupStateNumber, conditionTypes, findCondition } from '@mooring/api';
import type { BackupBackingImage, BackupTarget } from '@mooring/api';
import type { ScanSummary } from '@mooring/backupstore';
import { metrics, type MetricName, type Sample } from '@mooring/telemetry';
import type { Caches } from './parts.ts';
import { pollIntervalMs } from './policies.ts';

const scanSeconds = metrics.histogram('mooring_scan_seconds');
const scannedVolumes = metrics.counter('mooring_scanned_volumes_total');
const syncs = metrics.counter('mooring_target_syncs_total');

/** Counts a finished scan. */
export function recordScan({ method, volumes }: ScanSummary, seconds: number): void {
  scanSeconds.record(seconds, { method });
  scannedVolumes.add(volumes, { method });
}

/** Counts a finished sync. */
export function recordSync(outcome: string): void {
  syncs.add(1, { outcome });
}

/** Publishes the gauges that are computed from the caches at scrape time; returns what takes them back. */
export function observeCaches(caches: Caches): () => void {
  const stops = [...observeTargets(caches), ...observeBackingImages(caches)];
  return () => {
    for (const stop of stops) stop();
  };
}

function observeTargets({ targets, volumes }: Caches): (() => void)[] {
  const observe = (name: MetricName<'gauge'>, valueOf: (target: BackupTarget) => number | undefined) =>
    metrics.observableGauge(name, () =>
      targets.list().flatMap((target) => {
        const value = valueOf(target);
        return value === undefined ? [] : [{ value, labels: { backup_target: target.metadata.name } }];
      }),
    );
  return [
    observe('longhorn_backup_target_backup_volume_count', ({ metadata: { name } }) =>
      volumes.countByIndex('target', name),
    ),
    observe('mooring_target_poll_interval_seconds', (target) => pollIntervalMs(target) / 1_000),
    observe('mooring_target_last_synced_timestamp_seconds', ({ status }) =>
      status?.lastSyncedAt ? Date.parse(status.lastSyncedAt) / 1_000 : undefined,
    ),
    metrics.observableGauge('mooring_target_ready', () => targets.list().map(readiness)),
  ];
}

function readiness({ metadata, status }: BackupTarget): Sample {
  const ready = findCondition(status?.conditions, conditionTypes.Ready);
  return {
    value: Number(ready?.status === 'True'),
    labels: { backup_target: metadata.name, reason: ready?.reason ?? '' },
  };
}

function observeBackingImages({ backingImages }: Caches): (() => void)[] {
  const observe = (name: MetricName<'gauge'>, valueOf: (image: BackupBackingImage) => number) =>
    metrics.observableGauge(name, () =>
      backingImages
        .list()
        .map((image) => ({ value: valueOf(image), labels: { backup_backing_image: image.metadata.name } })),
    );
  return [
    observe('longhorn_backup_backing_image_actual_size_bytes', ({ status }) => status?.size ?? 0),
    observe('longhorn_backup_backing_image_state', ({ status }) => backupStateNumber(status?.state)),
  ];
}
