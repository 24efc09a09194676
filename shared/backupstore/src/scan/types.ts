/** Something in the store that is not as it should be; it hides nothing else. */
export interface ScanIssue {
  readonly code: ScanIssueCode;
  /** The object's key, or the folder's with its trailing `/`. */
  readonly key: string;
  /** Plain words, stable. */
  readonly message: string;
}

/**
 * `InvalidName` a name the format does not allow · `WrongShard` a volume in a folder where no reader looks for it ·
 * `UnknownObject` neither a folder nor a file of the format · `EmptyObject` a config of 0 bytes.
 */
export type ScanIssueCode = 'InvalidName' | 'WrongShard' | 'UnknownObject' | 'EmptyObject';

/** One backup config as the listing shows it; its content is not read. */
export interface ScannedBackup {
  readonly name: string;
  /** Bytes of the config. */
  readonly size: number;
  /** Absent where the store has no ETags. */
  readonly etag?: string;
  /** Milliseconds since 1970 by the store's clock. */
  readonly mtimeMs: number;
}

/** One volume of a store, as the listing shows it. */
export interface ScannedVolume {
  readonly name: string;
  /** Complete and in progress ones, by name in byte order. */
  readonly backups: readonly ScannedBackup[];
  /** Whether the folder holds a `volume.cfg`. */
  readonly hasConfig: boolean;
  readonly configEtag?: string;
  readonly configMtimeMs?: number;
  /** Changes when `volume.cfg` or any backup config does; see `fingerprintOf`. */
  readonly fingerprint: string;
  /** Bad objects inside the volume's folder. */
  readonly issues: readonly ScanIssue[];
}

/** The result of a scan. */
export interface ScanSummary {
  /** Number of volumes reported; 0 is an empty store (see the store marker). */
  readonly volumes: number;
  /** Number of backups in them. */
  readonly backups: number;
  /** The first {@link MAX_ISSUES} issues outside of volumes. */
  readonly issues: readonly ScanIssue[];
  /** How many issues there were, inside and outside of volumes. */
  readonly issueCount: number;
  /** LIST requests made. */
  readonly lists: number;
  /** `flat`: skip-scan in byte order; `walk`: folder by folder. */
  readonly method: 'flat' | 'walk';
}

/** Bounds memory in a store full of foreign objects. */
export const MAX_ISSUES = 1000;

/** How to scan. */
export interface ScanOptions {
  readonly signal?: AbortSignal;
  /**
   * Called once for each volume, in no particular order, awaited before more are read. If the store turns out not to
   * list in byte order, the scan starts over and a volume comes a second time: the later report is right.
   */
  readonly onVolume: (volume: ScannedVolume) => void | Promise<void>;
  /** Milliseconds since 1970, for the trust in young mtimes; default the system clock. */
  readonly now?: () => number;
}
