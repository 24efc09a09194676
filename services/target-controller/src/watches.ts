/** Which targets a change of a cache concerns. Pure. */
import { conditionTypes } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';
import { keyOf } from '@mooring/runtime';
import type { Change } from '@mooring/runtime';
import type { SecretEntry } from './parts.ts';

/** The changed target itself; and, when its claim on a store changed, every target that lost to a duplicate: one of them may win now. */
export function targetsConcernedByTarget(change: Change<BackupTarget>, all: readonly BackupTarget[]): string[] {
  if (change.type === 'added' || !claimChanged(change)) return [change.key];
  const losers = all.filter((target) => keyOf(target) !== change.key && isDuplicate(target)).map(keyOf);
  return [change.key, ...losers];
}

/** Targets that use the changed Secret, and losers to a duplicate: a Secret may hold an endpoint, which is part of what a store is. */
export function targetsConcernedBySecret(
  { old, new: now }: Change<SecretEntry>,
  all: readonly BackupTarget[],
): string[] {
  const { name } = (now ?? old).metadata;
  const users = all.filter(({ spec }) => spec.credentialSecret === name);
  if (users.length === 0) return [];
  return [...new Set([...users, ...all.filter(isDuplicate)].map(keyOf))];
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
