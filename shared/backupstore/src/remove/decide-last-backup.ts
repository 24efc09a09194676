/** A complete backup that a volume still has. */
export interface RemainingBackup {
  readonly name: string;
  /** RFC 3339. */
  readonly snapshotCreatedAt: string;
}

/** What `volume.cfg` says of its last backup; both `''` for none. */
export interface LastBackup {
  readonly lastBackupName: string;
  /** When its snapshot was made, as it stands in its config. */
  readonly lastBackupAt: string;
}

/**
 * The last of the backups that remain, in the order in which they are listed: the one with the latest snapshot; of equal ones the
 * first (backupstore-format §5). One whose time cannot be read is never later than another.
 */
export function decideLastBackup(remaining: readonly RemainingBackup[]): LastBackup {
  let last: LastBackup = { lastBackupName: '', lastBackupAt: '' };
  let latestMs = -Infinity;
  for (const { name, snapshotCreatedAt } of remaining) {
    const parsed = Date.parse(snapshotCreatedAt);
    const ms = Number.isNaN(parsed) ? -Number.MAX_VALUE : parsed;
    if (ms <= latestMs) continue;
    latestMs = ms;
    last = { lastBackupName: name, lastBackupAt: snapshotCreatedAt };
  }
  return last;
}
