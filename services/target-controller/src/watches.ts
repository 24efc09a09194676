/** Which targets a change of a cache concerns. Pure. */
import { conditionTypes, isAskedToSync } from '@mooring/api';
import type { BackupBackingImage, BackupTarget } from '@mooring/api';
import { keyOf } from '@mooring/runtime';
import type { Change, SecretVersion } from '@mooring/runtime';

/** The changed target itself; and, when its claim on a store changed, every target that lost to a duplicate: one of them may win now. */
export function targetsConcernedByTarget(change: Change<BackupTarget>, all: readonly BackupTarget[]): string[] {
  if (change.type === 'added' || !claimChanged(change)) return [change.key];
  const losers = all.filter((target) => keyOf(target) !== change.key && isDuplicate(target)).map(keyOf);
  return [change.key, ...losers];
}

/** Targets that use the changed Secret, and losers to a duplicate: a Secret may hold an endpoint, which is part of what a store is. */
export function targetsConcernedBySecret(
  { old, new: now }: Change<SecretVersion>,
  all: readonly BackupTarget[],
): string[] {
  const { name } = (now ?? old).metadata;
  const users = all.filter(({ spec }) => spec.credentialSecret === name);
  if (users.length === 0) return [];
  return [...new Set([...users, ...all.filter(isDuplicate)].map(keyOf))];
}

/** The key of the target that must be synced because someone asked for one of its backing images again; a new one is read anyway. */
export function targetAskedByBackingImage({ new: object }: Change<BackupBackingImage>): string | undefined {
  if (!object?.status?.lastSyncedAt || object.metadata.deletionTimestamp || !isAskedToSync(object)) return undefined;
  return `${object.metadata.namespace ?? ''}/${object.spec.backupTargetName ?? ''}`;
}

function claimChanged({ old, new: now }: Change<BackupTarget>): boolean {
  if (old === undefined || now === undefined) return true;
  return (
    Boolean(old.metadata.deletionTimestamp) !== Boolean(now.metadata.deletionTimestamp) ||
    old.spec.backupTargetURL !== now.spec.backupTargetURL ||
    old.spec.credentialSecret !== now.spec.credentialSecret ||
    (old.status?.urlSince ?? '') !== (now.status?.urlSince ?? '')
  );
}

function isDuplicate({ status }: BackupTarget): boolean {
  const ready = status?.conditions?.find(({ type }) => type === conditionTypes.Ready);
  return ready?.reason === 'DuplicateURL';
}
