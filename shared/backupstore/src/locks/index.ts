/** Locks of the backup store, on the wire exactly as Longhorn's. */
export { isExpired, LOCK_DURATION_MS } from './judge.ts';
export { withLock } from './with-lock.ts';
export { lockTypes } from './types.ts';
export type { HeldLock, LockOptions, LockTarget, LockType, LockWait } from './types.ts';
