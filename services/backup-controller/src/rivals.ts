import type { MoverRun } from '@mooring/api';
import type { MoverJobs } from '@mooring/runtime';
import type { BackupEntry } from './backup-entry.ts';
import { BY_VOLUME, type Caches } from './caches.ts';
import type { Rival } from './creation/policies.ts';
import { volumeKey } from './volume-entry.ts';

/**
 * Another operation on this Backup's target and volume: a mover that backs it up or restores from it, or a deletion. Of two that begin in one
 * instant the store's lock makes one wait; this only keeps that from being the rule.
 */
export function findRival(
  { caches, movers }: { caches: Caches; movers: Pick<MoverJobs, 'activeOn'> },
  entry: BackupEntry,
): Rival | undefined {
  const isOther = ({ task, objectName }: MoverRun): boolean => task !== 'backup' || objectName !== entry.metadata.name;
  const found = movers.activeOn(entry.target, entry.volume).find(isOther);
  if (found !== undefined) {
    const { task, objectName } = found;
    return { what: task === 'restore' ? `restore of volume ${objectName}` : `backup ${objectName}` };
  }
  const deleted = caches.backups
    .byIndex(BY_VOLUME, volumeKey(entry.target, entry.volume))
    .find((other) => other.state === 'Deleting' && other.metadata.uid !== entry.metadata.uid);
  return deleted === undefined ? undefined : { what: `deletion of backup ${deleted.metadata.name}` };
}
