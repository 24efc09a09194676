/** The metrics of this service; names without `mooring_` are Longhorn's. */
import { backupStateNumber } from '@mooring/api';
import type { ScanSummary } from '@mooring/backupstore';
import { metrics } from '@mooring/telemetry';
import type { Caches } from './parts.ts';

const scanSeconds = metrics.histogram('mooring_scan_seconds', 'Time of one scan of a store', ['method']);
const scannedVolumes = metrics.counter('mooring_scanned_volumes_total', 'Volumes seen by scans', ['method']);
const syncs = metrics.counter('mooring_target_syncs_total', 'Syncs of backup targets by outcome', ['outcome']);

/** Counts a finished scan. */
export function recordScan({ method, volumes }: ScanSummary, seconds: number): void {
  scanSeconds.record(seconds, { method });
  scannedVolumes.add(volumes, { method });
}

/** Counts a finished sync. */
export function recordSync(outcome: string): void {
  syncs.add(1, { outcome });
}

/** Publishes Longhorn's gauges from the caches; returns what takes them back. */
export function observeCaches(caches: Caches): () => void {
  const stops = [
    metrics.observableGauge('longhorn_backup_target_backup_volume_count', 'Backup volumes of a backup target', () =>
      caches.targets.list().map(({ metadata: { name } }) => ({
        labels: { backup_target: name },
        value: caches.volumes.countByIndex('target', name),
      })),
    ),
    metrics.observableGauge('longhorn_backup_backing_image_actual_size_bytes', 'Size of a backup backing image', () =>
      caches.backingImages.list().map((object) => ({ labels: labelsOf(object), value: object.status?.size ?? 0 })),
    ),
    metrics.observableGauge(
      'longhorn_backup_backing_image_state',
      'State of a backup backing image: 0 new, 1 pending, 2 in progress, 3 completed, 4 error, 5 unknown',
      () =>
        caches.backingImages
          .list()
          .map((object) => ({ labels: labelsOf(object), value: backupStateNumber(object.status?.state) })),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function labelsOf({ metadata }: { readonly metadata: { readonly name: string } }): Record<string, string> {
  return { backup_backing_image: metadata.name };
}
