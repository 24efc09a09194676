import type { Destination } from '@mooring/datapath';
import type { LockWait } from '../locks/types.ts';
import type { ObjectStore } from '../store.ts';
import type { StoreClock } from '../wrappers/invoke.ts';

/** How far a restore is. */
export interface RestoreProgress {
  /** Bytes of the volume written or found to be right already. */
  readonly bytesDone: number;
  /** Bytes of the volume that have to be in place. */
  readonly bytesTotal: number;
  /** 0 to 99; 100 only when the destination is committed. */
  readonly percent: number;
}

/** What all restores of a volume need. */
export interface RestoreOptions {
  readonly store: ObjectStore;
  readonly volume: string;
  readonly backup: string;
  /**
   * Where to, opened by the caller; its size may be any from the volume's at backup time on. It is committed at the end and
   * aborted at any failure. Opened with `update: true`, it is resumed: blocks already there are proven and not fetched.
   */
  readonly destination: Destination;
  /** Blocks at once, 1 to 256; default 5. Memory: about twice a block for each. */
  readonly concurrency?: number | undefined;
  /** Whether the destination was opened with `update: true`. */
  readonly resume?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: StoreClock | undefined;
  readonly log?: ((message: string) => void) | undefined;
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  /** Told why the store's lock is waited for. */
  readonly onWaiting?: ((wait: LockWait) => void) | undefined;
}

/** What a restore did. */
export interface RestoreResult {
  /** Bytes written to the destination, repeats included. */
  readonly bytesWritten: number;
  /** Block objects fetched. */
  readonly blocksFetched: number;
  /** Block objects that the destination already held. */
  readonly blocksKept: number;
}

// The default of Longhorn's `restore-to-file`.
const DEFAULT_CONCURRENCY = 5;
const MAX_CONCURRENCY = 256;

/** How many blocks at once: what was asked for within 1 to 256 (0 would wait for ever, as it does in Longhorn); default 5. */
export function concurrencyOf(asked: number = DEFAULT_CONCURRENCY): number {
  return Math.min(MAX_CONCURRENCY, Math.max(1, Math.floor(asked)));
}
