/** Whether a controller may read the store of a target that another controller judges. Pure. */
import { isConditionTrue } from './conditions.ts';
import type { BackupTarget } from './kinds/backup-target.ts';
import { conditionTypes } from './reasons.ts';

/** Conditions of a target whose store answers, but is perhaps not the one that it was. They exist only while they hold. */
export const doubtTypes = [conditionTypes.StoreMarkerMissing, conditionTypes.StoreReplaced] as const;

/** One of {@link doubtTypes}; also the reason of `Ready=False` then. */
export type DoubtType = (typeof doubtTypes)[number];

/**
 * True when a store may be read: the target has a URL, is not being deleted, its own controller did not find it unavailable, and does not doubt
 * that this is the store that the objects came from: until a person confirms, another store's answer must neither delete nor change them.
 * A target without a verdict is open: its objects exist because it was scanned, only its status has not reached us yet.
 */
export function isTargetOpen(target: BackupTarget): boolean {
  if (target.metadata.deletionTimestamp || (target.spec.backupTargetURL ?? '') === '') return false;
  const { available, conditions } = target.status ?? {};
  if (doubtTypes.some((type) => isConditionTrue(conditions, type))) return false;
  return available === true || !isConditionTrue(conditions, conditionTypes.Unavailable);
}

/**
 * True when a change makes a store readable, or another one than before: what waited for the target may have its pass now.
 * `old` is undefined for a target that is new.
 */
export function isTargetOpening(old: BackupTarget | undefined, current: BackupTarget): boolean {
  if (!isTargetOpen(current)) return false;
  if (old === undefined || !isTargetOpen(old)) return true;
  return (
    old.metadata.uid !== current.metadata.uid ||
    old.spec.backupTargetURL !== current.spec.backupTargetURL ||
    old.spec.credentialSecret !== current.spec.credentialSecret
  );
}
