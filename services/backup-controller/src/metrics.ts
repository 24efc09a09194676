import { backupStateNumber } from '@mooring/api';
import { metrics, type MetricName, type Sample } from '@mooring/telemetry';
import type { BackupEntry } from './backup-entry.ts';
import { BY_VOLUME, type Caches } from './caches.ts';
import { volumeKey } from './volume-entry.ts';

/** Registers Longhorn's metrics of this kind, computed from the caches at scrape time. Returns what takes them back. */
export function observeCaches(caches: Caches): () => void {
  const observe = (name: MetricName<'gauge'>, valueOf: (entry: BackupEntry) => number) =>
    metrics.observableGauge(name, () => samplesOf(caches, valueOf));
  const unobserve = [
    observe('longhorn_backup_actual_size_bytes', (entry) => entry.sizeBytes),
    observe('longhorn_backup_state', (entry) => backupStateNumber(entry.state)),
    observe('longhorn_backup_uploaded_data_size_bytes', (entry) => entry.uploadedBytes),
  ];
  return () => unobserve.forEach((stop) => stop());
}

function* samplesOf(caches: Caches, valueOf: (entry: BackupEntry) => number): Generator<Sample> {
  for (const key of caches.backups.keys()) {
    const entry = caches.backups.getByKey(key);
    if (entry === undefined) continue;
    const labels = {
      volume: volumeNameOf(caches, entry),
      backup: entry.metadata.name,
      recurring_job: entry.recurringJob,
    };
    yield { value: valueOf(entry), labels };
  }
}

/** The volume's real name where its object is known, else its label form. */
function volumeNameOf({ volumes }: Caches, { target, volume }: BackupEntry): string {
  const [known] = volumes.byIndex(BY_VOLUME, volumeKey(target, volume));
  return known?.volumeName ?? volume;
}
