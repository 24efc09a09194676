import {
  type BackupTarget,
  type BackupVolume,
  isAskedToSync,
  isTargetOpen,
  type MoverRun,
  type RestoreSource,
  type Volume,
} from '@mooring/api';

/** A Backup of the volume that is restored, as the cache knows it. */
export interface KnownBackup {
  readonly storeName: string;
  readonly state: string;
  readonly isDeleting: boolean;
}

/** What a restore is decided on. */
export interface RestoreFacts {
  readonly volume: Volume;
  /** `spec.fromBackup` taken apart; undefined: it names no backup. */
  readonly source: RestoreSource | undefined;
  /** The target with the URL's store. */
  readonly target: BackupTarget | undefined;
  readonly backupVolume: BackupVolume | undefined;
  readonly backups: readonly KnownBackup[];
  /** Movers' Jobs that restore into this volume. */
  readonly runs: readonly MoverRun[];
  /** Another operation on the same target and volume, in plain words. */
  readonly rival: string | undefined;
  /** Restores of ordinary volumes that run on the volume's node, and how many may; 0: none may. */
  readonly running: number;
  readonly limit: number;
  /** An activation whose newest backup cannot be restored: names of complete backups, newest first. */
  readonly candidates?: readonly string[] | undefined;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
}

/** The next step of a volume that comes from a backup. */
export type RestoreStep =
  /** It holds what it should. */
  | { readonly step: 'rest' }
  /** Its mover runs. */
  | { readonly step: 'watch'; readonly backup: string }
  /** Its mover ended well. */
  | { readonly step: 'finish'; readonly backup: string }
  /** These Jobs restore what is not wanted any more: they have to end first. */
  | { readonly step: 'stop'; readonly runs: readonly MoverRun[] }
  /** These ended Jobs are in the way of trying again. */
  | { readonly step: 'clear'; readonly runs: readonly MoverRun[] }
  /** `spec.size` has to become this, decimal bytes. */
  | { readonly step: 'resize'; readonly size: string }
  | { readonly step: 'start'; readonly backup: string; readonly base: string }
  /** An activation begins: the BackupVolume has to be synced first. */
  | { readonly step: 'ask-for-sync' }
  /** It follows no more. */
  | { readonly step: 'activate' }
  | { readonly step: 'wait'; readonly message: string }
  /** It cannot go on by itself, or not soon. `isBadBackup`: because of the backup that was tried. */
  | { readonly step: 'fail'; readonly message: string; readonly againInMs?: number; readonly isBadBackup?: boolean };

/** Facts with what `decideRestore` has found to be there. */
export interface AimedFacts extends RestoreFacts {
  readonly source: RestoreSource;
  readonly target: BackupTarget;
}

/** Time after which a failed Job is made again, milliseconds: the mover has tried six times by itself before that. */
const RETRY_MS = 5 * 60_000;

/** The same where the mover refused: a corrupt block, no access, no space. */
const REFUSED_RETRY_MS = 30 * 60_000;

/** Whether a volume follows, or is going to. */
export function isStandby({ spec, status }: Volume): boolean {
  return status?.restoreInitiated === true ? status.isStandby === true : spec.Standby === true;
}

/** True when the data are this backup, and no restore of another one has begun to change them. */
export function holds(volume: Volume, backup: string): boolean {
  return volume.status?.lastRestoredBackup === backup && !isMixed(volume);
}

/** True when a restore has written to the data and they are not known to be `lastRestoredBackup`. */
export function isMixed({ status }: Volume): boolean {
  const run = status?.restoreRun ?? '';
  return run !== '' && run !== `=>${status?.lastRestoredBackup ?? ''}`;
}

/** The step towards a backup that no Job works on: look whether it was tried, whether it can be, and begin. */
export function tryBackup(facts: AimedFacts, backup: string): RestoreStep {
  const failed = facts.runs.find(({ orders, state }) => orders.backup === backup && state.kind === 'failed');
  return failed === undefined ? (obstacle(facts, backup) ?? begin(facts, backup)) : afterFailure(facts, failed);
}

function afterFailure({ volume, nowMs }: RestoreFacts, run: MoverRun): RestoreStep {
  if (run.state.kind !== 'failed') return { step: 'watch', backup: run.orders.backup };
  const { message, endedAt, isRefused } = run.state;
  const leftMs = (Date.parse(endedAt) || 0) + (isRefused ? REFUSED_RETRY_MS : RETRY_MS) - nowMs;
  if (leftMs <= 0) return { step: 'clear', runs: [run] };
  return { ...fail(volume.status?.restoreError || message), againInMs: leftMs, isBadBackup: isRefused };
}

/** The mover fetches what changed since `base` alone, where it finds that the data are that backup. */
function begin({ volume }: RestoreFacts, backup: string): RestoreStep {
  const last = volume.status?.lastRestoredBackup ?? '';
  return { step: 'start', backup, base: last === backup ? '' : last };
}

/** What has to be there, and whose turn it is. */
function obstacle(facts: AimedFacts, backup: string): RestoreStep | undefined {
  return missingPart(facts, backup) ?? sizeStep(facts) ?? waitingPart(facts);
}

function missingPart({ source, target, backupVolume, backups }: AimedFacts, backup: string): RestoreStep | undefined {
  const { name } = target.metadata;
  if (backupVolume === undefined) {
    return isAskedToSync(target) || !isTargetOpen(target)
      ? wait(`Waiting for volume '${source.volume}' to be found in BackupTarget '${name}'`)
      : fail(`BackupTarget '${name}' has no volume '${source.volume}'; correct spec.fromBackup`);
  }
  if (backupVolume.metadata.deletionTimestamp)
    return fail(`volume '${source.volume}' is being deleted from BackupTarget '${name}'`);
  const known = backups.find(({ storeName }) => storeName === backup);
  if (known === undefined) {
    return isAskedToSync(backupVolume)
      ? wait(`Waiting for the sync of BackupVolume '${backupVolume.metadata.name}'`)
      : fail(`volume '${source.volume}' in BackupTarget '${name}' has no backup '${backup}'`);
  }
  if (known.isDeleting) return fail(`backup '${backup}' is being deleted`);
  return known.state === 'InProgress' ? wait(`Waiting for backup '${backup}' to be complete`) : undefined;
}

function sizeStep({ volume, backupVolume }: RestoreFacts): RestoreStep | undefined {
  const needed = backupVolume?.status?.size ?? '';
  if (!/^[0-9]+$/.test(needed))
    return wait(`Waiting for the sync of BackupVolume '${backupVolume?.metadata.name ?? ''}'`);
  const size = volume.spec.size || '0';
  if (BigInt(size) >= BigInt(needed)) return undefined;
  if (size === '0' || isStandby(volume)) return { step: 'resize', size: needed };
  return fail(
    `the backup is of a volume of ${needed} bytes, spec.size is ${size}; make the Volume anew, with that size`,
  );
}

function waitingPart({ volume, target, rival, running, limit }: AimedFacts): RestoreStep | undefined {
  if (!isTargetOpen(target)) return wait(`Waiting for BackupTarget '${target.metadata.name}' to be available`);
  if (rival !== undefined) return wait(`Waiting for the ${rival} to end`);
  if (isStandby(volume)) return undefined;
  if (limit === 0) return wait('Restores are off: setting concurrent-volume-backup-restore-per-node-limit is 0');
  return running >= limit ? wait(`Waiting for one of ${String(running)} running restores to end`) : undefined;
}

/** The step of waiting for something, in stable words. */
export function wait(message: string): RestoreStep {
  return { step: 'wait', message };
}

/** The step of telling the user what is wrong. */
export function fail(message: string): RestoreStep & { readonly step: 'fail' } {
  return { step: 'fail', message };
}
