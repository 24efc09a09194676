/** Defaults of Volume, Snapshot and RecurringJob (longhorn-manager.md §2.2). */
import { parseDurationMs } from '../duration.ts';
import type { Facts } from '../facts.ts';
import {
  DEFAULT_TARGET,
  LABEL_ACCESS_MODE,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  LABEL_VOLUME,
} from '../labels.ts';
import { labelValue } from '../names.ts';
import { nameOf, specNumber, specText } from '../raw-object.ts';
import { restoredBackup, restoredBackupVolume, restoreSource, targetOfBackup } from '../restored-from.ts';
import type { Operation, RawObject } from '../review.ts';
import { settingValue } from '../settings.ts';
import { addOwner, defaultSpec, setLabel, setSpec } from './draft.ts';

const MIB = 1024 * 1024;

/** Volume sizes are multiples of this; Longhorn rounds up. 2 MiB. */
const SIZE_STEP = 2n * BigInt(MIB);

/** Tasks that keep nothing, so that `retain` means nothing. */
const TASKS_WITHOUT_RETENTION: readonly string[] = ['snapshot-cleanup', 'filesystem-trim'];

/**
 * What Longhorn fills into a Volume. No finalizer yet: nothing here removes it again before volumes are restored and
 * deleted by us, and a Volume that nobody handles would hang in deletion for ever (so too Snapshot and RecurringJob).
 */
export function defaultVolume(draft: RawObject, operation: Operation, facts: Facts): void {
  const isNew = operation === 'CREATE';
  if (isNew) defaultRestoredVolume(draft, facts);
  defaultSpec(draft, 'backupTargetName', DEFAULT_TARGET);
  setLabel(draft, LABEL_BACKUP_TARGET, labelValue(specText(draft, 'backupTargetName')));
  const size = specText(draft, 'size');
  if (isNew && /^[0-9]{1,18}$/.test(size)) setSpec(draft, 'size', roundUp(size));
  if (isNew) defaultSpec(draft, 'accessMode', 'rwo');
  const method = settingValue('backup-compression-method', facts.settings?.['backup-compression-method']);
  defaultSpec(draft, 'backupCompressionMethod', isNew ? method : 'gzip');
  defaultSpec(draft, 'restoreVolumeRecurringJob', 'ignored');
  if (['', '0'].includes(specText(draft, 'backupBlockSize')))
    setSpec(draft, 'backupBlockSize', blockSize(draft, facts));
}

/** Label and owner reference of its Volume. */
export function defaultSnapshot(draft: RawObject, _operation: Operation, facts: Facts): void {
  const name = specText(draft, 'volume');
  setLabel(draft, LABEL_VOLUME, labelValue(name));
  addOwner(draft, { kind: 'Volume', name, uid: facts.volumes?.[name]?.metadata.uid });
}

/** Name, empty lists and maps, concurrency 10, a retention that is legal for the task. */
export function defaultRecurringJob(draft: RawObject): void {
  if (nameOf(draft) !== '') defaultSpec(draft, 'name', nameOf(draft));
  defaultSpec(draft, 'groups', []);
  defaultSpec(draft, 'labels', {});
  defaultSpec(draft, 'parameters', {});
  if (!specNumber(draft, 'concurrency')) setSpec(draft, 'concurrency', 10);
  const keepsNothing = TASKS_WITHOUT_RETENTION.includes(specText(draft, 'task'));
  const retain = specNumber(draft, 'retain') ?? 0;
  if (keepsNothing) setSpec(draft, 'retain', 0);
  else if (retain < 1) setSpec(draft, 'retain', 1);
  const age = specText(draft, 'retainAge');
  if (age === '' || age.startsWith('-') || parseDurationMs(age) === 0) setSpec(draft, 'retainAge', '0s');
  defaultSpec(draft, 'retentionPolicy', 'count-based');
}

/** What the backup says of the volume that it is restored into. The user's own size does not count. */
function defaultRestoredVolume(draft: RawObject, facts: Facts): void {
  const source = restoreSource(specText(draft, 'fromBackup'));
  const backup = source && restoredBackup(source, facts);
  if (!source || !backup) return;
  const status = backup.status ?? {};
  const ofVolume = restoredBackupVolume(source, backup, facts)?.status ?? {};
  const accessMode = status.labels?.[LABEL_ACCESS_MODE];
  const backingImage = ofVolume.backingImageName || status.volumeBackingImageName;
  fill(draft, { accessMode, backingImage }, defaultSpec);
  fill(draft, { backupTargetName: targetOfBackup(backup), size: ofVolume.size || status.volumeSize }, setSpec);
  setLabel(draft, LABEL_BACKUP_VOLUME, labelValue(source.volume));
}

function fill(draft: RawObject, known: Record<string, string | undefined>, write: typeof setSpec): void {
  for (const [field, value] of Object.entries(known)) if (value) write(draft, field, value);
}

/** A volume that follows a backup volume has its block size; every other has the setting's (in MiB). */
function blockSize(draft: RawObject, facts: Facts): string {
  const source = restoreSource(specText(draft, 'fromBackup'));
  if (draft.spec?.['Standby'] === true && source) {
    return restoredBackup(source, facts)?.spec.backupBlockSize ?? String(2 * MIB);
  }
  const setting = settingValue('default-backup-block-size', facts.settings?.['default-backup-block-size']);
  return String(Number(setting) * MIB);
}

function roundUp(size: string): string {
  const bytes = BigInt(size);
  return String(((bytes + SIZE_STEP - 1n) / SIZE_STEP) * SIZE_STEP);
}
