/** Locks of the backup store, on the wire exactly as Longhorn's. */
export { lockTypes } from './types.ts';
export type { HeldLock, LockOptions, LockTarget, LockType, LockWait } from './types.ts';
