/** Selects a page of a collection. */
export interface ListOptions {
  /** Left out: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects a page; left out: all at once. */
  readonly limit?: number | undefined;
  /** The last page's `continue`. */
  readonly continue?: string | undefined;
  /** Left out: the newest state, by quorum. */
  readonly resourceVersion?: string | undefined;
  /** Only `metadata` of each object (PartialObjectMetadata). */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** A page of a collection, in the API server's order. */
export interface ListPage<T> {
  readonly items: T[];
  /** Where a watch can go on from. */
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
  /** Size of the answer's text, characters. */
  readonly size: number;
}

/** What a watch wants. */
export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  readonly metadataOnly?: boolean | undefined;
  /** The server ends the watch after so many seconds. */
  readonly timeoutSeconds: number;
  /** A stream with no byte for so long is given up as `Stalled`. Bookmarks come about once a minute, where they come. Default 75,000. */
  readonly idleTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a patch is applied. Server-side `apply` needs a `fieldManager`. */
export interface PatchOptions {
  readonly kind: 'merge' | 'json' | 'apply';
  readonly fieldManager?: string | undefined;
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Conditions under which an object may be deleted, and what becomes of what it owns. */
export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of any single call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** The whole call, retries included; milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** A raw API call. */
export interface RawCall extends CallOptions {
  readonly method: string;
  /** With its query, e.g. `/apis/longhorn.io/v1beta2/backups?limit=1`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
}

/** `Known` as an interface has it, or a literal with further members. */
type OrMore<Known> = Known | (Known & { readonly [member: string]: unknown });

/** An object to be written. */
export type Writable<Metadata> = OrMore<{ readonly metadata: OrMore<Metadata> }>;
