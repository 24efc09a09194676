import type { ObjectStore } from '../store.ts';
import type { StoreClock } from '../wrappers/invoke.ts';

/** Types of lock files (backupstore-format §4): equal types coexist, a deletion excludes backups and restores. */
export const lockTypes = { backup: 1, restore: 1, deletion: 2 } as const;

/** A value of {@link lockTypes}: 1 backup or restore, 2 deletion. */
export type LockType = (typeof lockTypes)[keyof typeof lockTypes];

/** What is locked: one volume, or all backing images together (their lock home is `BACKINGIMAGE`). */
export type LockTarget = { readonly volume: string } | { readonly backingImages: true };

/** How a lock is taken. */
export type LockOptions = LockTarget & {
  readonly store: ObjectStore;
  readonly type: LockType;
  /** Ends the wait with `Cancelled`; while the lock is held, the work heeds it itself. */
  readonly signal?: AbortSignal | undefined;
  /** Monotonic time and sleep; default the system's. The wall clock is never asked: "now" is the store's time. */
  readonly clock?: StoreClock | undefined;
  /** One line for a log: a lock file that is unreadable, one of ours removed. */
  readonly log?: ((message: string) => void) | undefined;
  /** Told whenever the reason for waiting changes. */
  readonly onWaiting?: ((wait: LockWait) => void) | undefined;
};

/** Why the lock is not ours yet. */
export interface LockWait {
  /** Stable plain words, e.g. `waiting for lock 'lock-0123456789abcdef' (deletion)`. */
  readonly reason: string;
  /** Name of the lock file that comes first. */
  readonly blockedBy: string;
  /** Its type on the wire. */
  readonly type: number;
}

/** A lock that is held. */
export interface HeldLock {
  /** `lock-<16 hex>`. */
  readonly name: string;
  /** Key of its file. */
  readonly key: string;
  /** Fires when the lock is not ours any more, or not proven to be: 100 s without a successful refresh. */
  readonly lost: AbortSignal;
  /** MUST be called before each PUT and DELETE made under the lock. Throws `LockLost`. */
  assertHeld(): void;
  /** The store's time: mtime of our lock's last PUT plus monotonic time since. Milliseconds since 1970. */
  storeNowMs(): number;
}
