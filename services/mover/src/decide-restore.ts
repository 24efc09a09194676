/** The restore that wrote to a volume last, as in `status.restoreRun`: `<base>><backup>`; no name holds a `>`. */
export function restoreRunOf({ base, backup }: { readonly base: string; readonly backup: string }): string {
  return `${base}>${backup}`;
}

/**
 * Whether only what changed since `base` may be fetched. MUST: only when the data are `base` or were on their way from it to this very backup.
 * After a restore of another one that did not end they are a mix, which only fetching (and proving) all of it cures; and while that has not
 * ended, it is to be done whole again. `last`: `status.restoreRun`, empty where no mover has written.
 */
export function mayRestoreChanges({
  base,
  backup,
  last,
}: {
  readonly base: string;
  readonly backup: string;
  readonly last: string;
}): boolean {
  if (base === '') return false;
  return last === '' || last === restoreRunOf({ base, backup }) || last.endsWith(`>${base}`);
}
