/** A restore: from what the data are (empty: whatever they are), to what. */
export interface Restoration {
  readonly base: string;
  readonly backup: string;
}

/** `status.restoreRun` while a restore writes: `<base>><backup>`; no name holds a `>` or `=`. */
export function restoreBegun({ base, backup }: Restoration): string {
  return `${base}>${backup}`;
}

/** `status.restoreRun` once that restore has ended, and the data are the backup: `=><backup>`. */
export function restoreDone({ backup }: Pick<Restoration, 'backup'>): string {
  return restoreBegun({ base: '=', backup });
}

/**
 * Whether only what changed since `base` may be fetched. MUST: only when the data are `base`, or on their way from it to this very backup. After
 * another restore that did not end they are a mix, which only fetching (and proving) all of it cures; and while that has not ended, it is to be
 * done whole again. `last`: `status.restoreRun`.
 */
export function mayRestoreChanges({ base, backup, last }: Restoration & { readonly last: string }): boolean {
  return base !== '' && (last === restoreDone({ backup: base }) || last === restoreBegun({ base, backup }));
}
