import { compareKeys } from '../layout.ts';

/** An owner that has not refreshed its lock for longer than this has lost it (backupstore-format §4). */
export const LOCK_DURATION_MS = 150_000;

/** A lock file as it was read. */
export interface SeenLock {
  readonly name: string;
  readonly type: number;
  readonly acquired: boolean;
  /** When it was last written, by the store's clock; of the precision that a GET shows, which is what Longhorn compares. */
  readonly mtimeMs: number;
}

/**
 * The lock that `own` has to wait for: of another type, not expired, and before `own` in the order of priority (acquired
 * ones first, then the older, then by name); `undefined` when there is none. Of several, the first in that order.
 * Also locks that are not acquired yet block: their owner may be about to take them.
 */
export function findBlocker(own: SeenLock, others: readonly SeenLock[], storeNowMs: number): SeenLock | undefined {
  const before = others.filter(
    (other) =>
      other.name !== own.name &&
      other.type !== own.type &&
      !isExpired(other, storeNowMs) &&
      comparePriority(other, own) < 0,
  );
  return before.sort(comparePriority)[0];
}

/** Whether a lock is ignored by everyone: not written for more than 150 s of the store's time. */
export function isExpired(lock: SeenLock, storeNowMs: number): boolean {
  return storeNowMs - lock.mtimeMs > LOCK_DURATION_MS;
}

function comparePriority(a: SeenLock, b: SeenLock): number {
  if (a.acquired !== b.acquired) return a.acquired ? -1 : 1;
  if (a.mtimeMs !== b.mtimeMs) return a.mtimeMs - b.mtimeMs;
  return compareKeys(a.name, b.name);
}
