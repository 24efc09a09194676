import {
  ANNOTATION_MOVER_OBJECT,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  LABEL_MOVER_TASK,
  type MoverJob,
  moverState,
} from '@mooring/api';
import type { BackupEntry } from './backup-entry.ts';
import { BY_VOLUME, type Caches } from './caches.ts';
import type { Rival } from './creation/policies.ts';
import type { MoverJobs } from './mover-jobs.ts';
import { volumeKey } from './volume-entry.ts';

/**
 * Another operation on this Backup's target and volume: a mover that backs it up or restores from it, or a deletion. Of two that begin in one
 * instant the store's lock makes one wait; this only keeps that from being the rule.
 */
export function findRival(
  { caches, movers }: { caches: Caches; movers: Pick<MoverJobs, 'list'> },
  entry: BackupEntry,
): Rival | undefined {
  const found = movers.list().find((candidate) => {
    const { labels = {}, annotations = {} } = candidate.metadata;
    const isSamePair = labels[LABEL_BACKUP_TARGET] === entry.target && labels[LABEL_BACKUP_VOLUME] === entry.volume;
    const isOwn = labels[LABEL_MOVER_TASK] === 'backup' && annotations[ANNOTATION_MOVER_OBJECT] === entry.metadata.name;
    return isSamePair && !isOwn && isActive(candidate);
  });
  if (found !== undefined) {
    const name = found.metadata.annotations?.[ANNOTATION_MOVER_OBJECT] ?? '';
    return {
      what: found.metadata.labels?.[LABEL_MOVER_TASK] === 'restore' ? `restore of volume ${name}` : `backup ${name}`,
    };
  }
  const deleted = caches.backups
    .byIndex(BY_VOLUME, volumeKey(entry.target, entry.volume))
    .find((other) => other.state === 'Deleting' && other.metadata.uid !== entry.metadata.uid);
  return deleted === undefined ? undefined : { what: `deletion of backup ${deleted.metadata.name}` };
}

/** A Job that has ended may stay for a while, for its owner to see why. */
function isActive(job: MoverJob): boolean {
  const { kind } = moverState(job);
  return kind === 'running' || kind === 'stopping';
}
