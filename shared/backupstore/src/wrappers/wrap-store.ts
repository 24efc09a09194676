import type { ObjectStore } from '../store.ts';

/** Bounds on what one store may be asked; shared by all calls through one opened store. */
export interface StoreLimits {
  /** Milliseconds for one call with all its attempts; default 60,000. */
  readonly callDeadlineMs: number;
}

/** Puts the wrappers round a backend. */
export function wrapStore(store: ObjectStore, _options: Partial<StoreLimits> & { readonly readOnly: boolean }): ObjectStore {
  return store;
}
