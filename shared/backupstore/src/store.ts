import type { Scheme } from '@mooring/api';

/**
 * The contract of an object store, as the backup store's format needs it.
 *
 * Guarantees every backend gives, proven by the conformance suite (`conformance/`, also `mooring store probe URL`):
 * - keys are relative to the destination's own prefix, use `/`, never start with one, hold no `.` or `..` segment;
 * - read after write: an object is seen by `get`, `head` and `list` as soon as its `put` has resolved, never half-written;
 * - a `put` replaces the whole object atomically; with `ifAbsent` exactly one of several racing writers wins
 *   (where `capabilities.conditionalPut`), the others get `AlreadyExists`;
 * - `list` with neither start-after nor error misses no object that existed during the whole listing;
 * - every failure is a {@link StoreError} with a stable message; nothing is retried here (wrappers do that).
 */
export interface ObjectStore {
  /** What this store can and cannot do; callers branch on these, never on the scheme. */
  readonly capabilities: StoreCapabilities;
  /**
   * One page of keys. Errors: `NotFound` when the bucket or container is absent, any transport error.
   * An absent prefix is an empty page.
   */
  list(options: ListOptions): Promise<ListPage>;
  /** Size, ETag and time of one object. Errors: `NotFound`. */
  head(options: KeyOptions): Promise<ObjectInfo>;
  /** The bytes of one object or of a range of it, complete or an error: never silently cut short. Errors: `NotFound`. */
  get(options: GetOptions): Promise<ObjectContent>;
  /** Writes one object whole. Idempotent without a condition. Errors: `AlreadyExists` (only with one), `ReadOnly`. */
  put(options: PutOptions): Promise<PutResult>;
  /** Removes keys; an absent key is no error. Idempotent. Any number of keys. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  /**
   * Removes what killed writes have left below a folder (with its trailing `/`), in no listing but in the way of its removal;
   * absent where there is no such thing. MUST: nobody writes there, or `writtenBeforeMs` is so long ago that nobody still does.
   */
  sweepLeftovers?(folder: string, options?: SweepLeftoversOptions): Promise<void>;
  /** Closes sockets; calls in flight may fail. Idempotent. */
  close(): void;
}

/** What a store can do; constant for one opened store. */
export interface StoreCapabilities {
  /** The scheme of the destination URL it was opened from. */
  readonly scheme: Scheme;
  /** `list` without delimiter is cheap, in byte order of the keys, and honours `startAfter`. False: walk by folders. */
  readonly flatList: boolean;
  /** `put({ifAbsent})` is atomic. */
  readonly conditionalPut: boolean;
  /** `put({ifMatch})` is atomic. */
  readonly conditionalReplace: boolean;
  /** `delete` removes many keys by one request. */
  readonly batchDelete: boolean;
  /** Objects have ETags that change with their content. */
  readonly etags: boolean;
}

/** Options every call takes. */
export interface CallOptions {
  /** Ends the call early with the error code `Cancelled`. */
  readonly signal?: AbortSignal;
}

/** What is swept. */
export interface SweepLeftoversOptions extends CallOptions {
  /** Only what was written last before this: milliseconds since 1970, by the store's clock. Default: everything. */
  readonly writtenBeforeMs?: number;
}

/** One key. */
export interface KeyOptions extends CallOptions {
  /** Example: `backupstore/volumes/ff/06/pvc-lz4/volume.cfg`. */
  readonly key: string;
}

/** Which page of keys. */
export interface ListOptions extends CallOptions {
  /** Only keys that start with this; `''` is all of the destination. */
  readonly prefix: string;
  /** Only keys (and common prefixes) after this key in byte order, exclusive; the key need not exist. Not together with `continuation`. */
  readonly startAfter?: string;
  /** The `continuation` of the page before; the other options must be the same as there. */
  readonly continuation?: string;
  /** `/` groups keys by folder into `prefixes`. */
  readonly delimiter?: '/';
  /** 1 to 1,000, default 1,000. A page may be shorter though more follow: only `continuation` tells. */
  readonly maxKeys?: number;
}

/** One page of keys, in byte order where `capabilities.flatList`. */
export interface ListPage {
  readonly objects: readonly StoredObject[];
  /** Folders directly below `prefix`, each with its trailing `/`; empty without a delimiter. */
  readonly prefixes: readonly string[];
  /** Opaque; present when more pages follow. */
  readonly continuation?: string;
}

/** Size, ETag and time of one object. */
export interface ObjectInfo {
  /** Bytes, 0 or more. */
  readonly size: number;
  /** Without quotes; absent where the store has none. */
  readonly etag?: string;
  /** Milliseconds since 1970 by the store's clock, fractions allowed. */
  readonly mtimeMs: number;
}

/** One object of a listing. */
export interface StoredObject extends ObjectInfo {
  readonly key: string;
}

/** What to read. */
export interface GetOptions extends KeyOptions {
  /** Bytes `start` to `end`, inclusive, 0-based; the answer ends where the object does. */
  readonly range?: { readonly start: number; readonly end: number };
}

/** The bytes read, and the object they come from. `size` is the whole object's. */
export interface ObjectContent extends ObjectInfo {
  /** The caller's own: nothing else reads or writes it. */
  readonly body: Buffer;
}

/** What to write. */
export interface PutOptions extends KeyOptions {
  readonly body: Uint8Array;
  /** Fail with `AlreadyExists` when the key exists. */
  readonly ifAbsent?: boolean;
  /** Fail with `AlreadyExists` when the object has another ETag, or is gone; only where `capabilities.conditionalReplace`. */
  readonly ifMatch?: string;
}

/** What was written. */
export interface PutResult {
  /** Absent where the store has none. */
  readonly etag?: string;
}
