/** Longhorn's numbers of the states of backups and backing images in metrics (longhorn-manager.md §3.12). */
const NUMBERS: Readonly<Record<string, number>> = {
  '': 0,
  Pending: 1,
  InProgress: 2,
  Completed: 3,
  Error: 4,
  Unknown: 5,
};

/** The number of a `status.state` in `longhorn_backup_state` and its like, 0 to 5; `Deleting` has none there and counts as unknown. */
export function backupStateNumber(state: string | null | undefined): number {
  return NUMBERS[state ?? ''] ?? 5;
}
