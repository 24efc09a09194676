import { metrics, type Sample } from '@mooring/telemetry';
import { BY_VOLUME, type Caches, keyOfVolume } from './caches.ts';

/** Registers Longhorn's metric of this kind (longhorn-manager.md §3.12), computed from the caches at scrape time. Returns what takes it back. */
export function observeCaches(caches: Caches): () => void {
  return metrics.observableGauge('longhorn_backup_volume_backups_count', () => countBackups(caches));
}

function* countBackups({ volumes, backups }: Caches): Generator<Sample> {
  for (const volume of volumes.list()) {
    yield {
      value: backups.countByIndex(BY_VOLUME, keyOfVolume(volume)),
      labels: { backup_volume: volume.metadata.name },
    };
  }
}
