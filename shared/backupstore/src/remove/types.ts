import type { LockWait } from '../locks/types.ts';
import type { ObjectStore } from '../store.ts';
import type { StoreClock } from '../wrappers/invoke.ts';

/** What every removal under a lock needs. */
export interface RemoveOptions {
  readonly store: ObjectStore;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: StoreClock | undefined;
  readonly log?: ((message: string) => void) | undefined;
  /** Told why the store's lock is waited for. */
  readonly onWaiting?: ((wait: LockWait) => void) | undefined;
}

/** What a sweep found and did. */
export interface SweepResult {
  /** Block objects removed because nothing refers to them. */
  readonly blocksRemoved: number;
  /** Block objects that are there and referred to; 0 where the sweep was skipped. */
  readonly blocksKept: number;
  /** Why no block was removed, in stable plain words; the next removal sweeps them. Absent: everything was swept. */
  readonly skipped?: string;
}
