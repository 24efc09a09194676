/**
 * The contract between the mover and where a volume's data lies (a file, a CSI volume, ZFS, Longhorn). Guarantees, proven
 * by the conformance suite (`conformance/`):
 * - a snapshot never changes while it is open: two reads of one range give the same bytes;
 * - a range that `changedRanges` does not give is all zeros (no base) or equal to the base (with one);
 * - `read` and `write` fill or take the whole range or fail: nothing is silently cut short;
 * - ranges may be read and written concurrently and in any order;
 * - a destination is nothing to anyone before `commit`, and what it was before after `abort` (unless opened to be updated);
 * - every failure is a `DataPathError`.
 */
export interface DataPath {
  /** Opens a snapshot for reading. Errors: `SourceNotFound`, `ReadFailed`. */
  openSnapshot(options: OpenSnapshotOptions): Promise<SnapshotReader>;
  /** Opens where a volume is restored to. Errors: `DestinationTooSmall`, `InsufficientSpace`, `WriteFailed`. */
  openDestination(options: OpenDestinationOptions): Promise<Destination>;
}

/** Which snapshot to open. */
export interface OpenSnapshotOptions {
  /** Name of the snapshot, as in the Backup. */
  readonly snapshot: string;
}

/** A part of a volume, in bytes. */
export interface ByteRange {
  readonly offset: number;
  /** More than 0. */
  readonly length: number;
}

/** A snapshot opened for reading. */
export interface SnapshotReader {
  /** Bytes of the volume when the snapshot was taken; constant. */
  readonly sizeBytes: number;
  /**
   * Without `base`: the allocated ranges; with it: those that may differ from that snapshot. Ascending, disjoint, of any
   * alignment, inside the size; too much is allowed, too little is data loss. `'unknown'`: this engine cannot tell (or has
   * no such base any more), so everything must be read and compared. May be asked again. Errors while iterating: `ReadFailed`.
   */
  changedRanges(base?: string): AsyncIterable<ByteRange> | 'unknown';
  /**
   * Fills the first `length` bytes of `buffer` from `offset`. Errors: `SourceChanged` when the source ends before (it was
   * cut while open), `ReadFailed`.
   */
  read(offset: number, length: number, buffer: Uint8Array): Promise<void>;
  /**
   * Throws `SourceChanged` when what is read is no snapshot but a live volume, and was written to since it was opened.
   * Absent where that cannot be. A backup asks before it commits.
   */
  assertUnchanged?(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** What a destination must hold. */
export interface OpenDestinationOptions {
  /** Bytes of the volume. A file becomes exactly that long; a device must have at least that much. */
  readonly sizeBytes: number;
  /**
   * False (default): what is there is replaced; ranges never written read as zeros after `commit`. True: what is there
   * stays where nothing is written (incremental restore, or resuming one that was interrupted), and writes show at once.
   */
  readonly update?: boolean;
}

/** Where a volume is restored to. */
export interface Destination {
  readonly sizeBytes: number;
  /** Writes `data` at `offset`; the caller may change it afterwards. Not durable before `commit`. Errors: `InsufficientSpace`, `WriteFailed`. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Makes a range read as zeros, without allocation where possible. Errors: `WriteFailed`. */
  punchHole(offset: number, length: number): Promise<void>;
  /** Reads back, as {@link SnapshotReader.read}; for resuming and for tests. */
  read(offset: number, length: number, buffer: Uint8Array): Promise<void>;
  /** Makes all of it durable and visible under its name; ends the destination. Errors: `InsufficientSpace`, `WriteFailed`. */
  commit(): Promise<void>;
  /** Ends it without that; removes what `update: false` has written. Idempotent, harmless after `commit`. */
  abort(): Promise<void>;
}
