import { backupStateNumber } from '@mooring/api';
import { metrics, type Sample } from '@mooring/telemetry';
import type { BackupEntry } from './backup-entry.ts';
import { BY_VOLUME, type Caches } from './caches.ts';
import { volumeKey } from './volume-entry.ts';

/** Registers Longhorn's metrics of this kind, computed from the caches at scrape time. Returns what takes them back. */
export function observeCaches(caches: Caches): () => void {
  const gauges: readonly (readonly [name: string, help: string, valueOf: (entry: BackupEntry) => number])[] = [
    ['longhorn_backup_actual_size_bytes', 'Size of a backup in bytes', (entry) => entry.sizeBytes],
    [
      'longhorn_backup_state',
      'State of a backup: 0 new, 1 pending, 2 in progress, 3 completed, 4 error, 5 unknown',
      (entry) => backupStateNumber(entry.state),
    ],
    [
      'longhorn_backup_uploaded_data_size_bytes',
      'Bytes that a backup uploaded for the first time',
      (entry) => entry.uploadedBytes,
    ],
  ];
  const unobserve = gauges.map(([name, help, valueOf]) =>
    metrics.observableGauge(name, help, () => samplesOf(caches, valueOf)),
  );
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
