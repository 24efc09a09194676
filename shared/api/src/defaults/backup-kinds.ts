/** Defaults of BackupTarget, BackupVolume, Backup, BackupBackingImage and SystemBackup (longhorn-manager.md §2.2). */
import { normaliseNfsOptions } from '../backup-url.ts';
import type { Facts } from '../facts.ts';
import type { Volume } from '../kinds/volume.ts';
import {
  DEFAULT_TARGET,
  LABEL_ACCESS_MODE,
  LABEL_BACKING_IMAGE,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
} from '../labels.ts';
import { labelValue } from '../names.ts';
import { labelOf, specMap, specText } from '../raw-object.ts';
import type { Operation, RawObject } from '../review.ts';
import { addFinalizer, addOwner, defaultSpec, setLabel, setSpec } from './draft.ts';

/** Longhorn's block size when nothing says otherwise: 2 MiB. */
const DEFAULT_BLOCK_SIZE = '2097152';

/** Finalizer, safe NFS options, poll interval 5m0s (Longhorn's own default of 300 s). */
export function defaultBackupTarget(draft: RawObject): void {
  addFinalizer(draft);
  const url = specText(draft, 'backupTargetURL');
  const safe = normaliseNfsOptions(url);
  if (safe !== url) setSpec(draft, 'backupTargetURL', safe);
  defaultSpec(draft, 'pollInterval', '5m0s');
}

/** Finalizer, target `default`, labels that follow the spec. */
export function defaultBackupVolume(draft: RawObject): void {
  addFinalizer(draft);
  defaultSpec(draft, 'backupTargetName', DEFAULT_TARGET);
  setLabel(draft, LABEL_BACKUP_TARGET, labelValue(specText(draft, 'backupTargetName')));
  setLabel(draft, LABEL_BACKUP_VOLUME, labelValue(specText(draft, 'volumeName')));
}

/** Finalizer and labels map; on creation also what the snapshot's volume says: labels, access mode, block size. */
export function defaultBackup(draft: RawObject, operation: Operation, facts: Facts): void {
  addFinalizer(draft);
  defaultSpec(draft, 'labels', {});
  if (operation !== 'CREATE') return;
  const source = facts.snapshots?.[specText(draft, 'snapshotName')]?.spec.volume ?? '';
  if (labelOf(draft, LABEL_BACKUP_VOLUME) === '') setLabel(draft, LABEL_BACKUP_VOLUME, labelValue(source));
  defaultSpec(draft, 'backupMode', 'incremental');
  defaultFromVolume(draft, facts.volumes?.[source || labelOf(draft, LABEL_BACKUP_VOLUME)]);
}

/** A snapshot's backup has its volume's block size and target; a pulled one keeps what it came with. */
function defaultFromVolume(draft: RawObject, volume: Volume | null | undefined): void {
  const labels = specMap(draft, 'labels');
  const accessMode = volume?.spec.accessMode || labels[LABEL_ACCESS_MODE] || 'rwo';
  setSpec(draft, 'labels', { ...labels, [LABEL_ACCESS_MODE]: accessMode });
  if (!volume) return;
  if (specText(draft, 'snapshotName') !== '') setSpec(draft, 'backupBlockSize', blockSize(volume.spec.backupBlockSize));
  const target = volume.spec.backupTargetName || DEFAULT_TARGET;
  if (labelOf(draft, LABEL_BACKUP_TARGET) === '') setLabel(draft, LABEL_BACKUP_TARGET, labelValue(target));
}

/** Finalizer; on creation target `default` (also when the named one does not exist, as Longhorn) and labels. */
export function defaultBackupBackingImage(draft: RawObject, operation: Operation, facts: Facts): void {
  addFinalizer(draft);
  defaultSpec(draft, 'backupTargetName', DEFAULT_TARGET);
  const named = specText(draft, 'backupTargetName');
  const isMissing = facts.targets !== undefined && !facts.targets.some((target) => target.metadata.name === named);
  if (operation === 'CREATE' && isMissing) setSpec(draft, 'backupTargetName', DEFAULT_TARGET);
  setLabel(draft, LABEL_BACKUP_TARGET, labelValue(specText(draft, 'backupTargetName')));
  setLabel(draft, LABEL_BACKING_IMAGE, labelValue(specText(draft, 'backingImage')));
}

/** Finalizer, policy `if-not-present`, owner reference to target `default`. */
export function defaultSystemBackup(draft: RawObject, _operation: Operation, facts: Facts): void {
  addFinalizer(draft);
  defaultSpec(draft, 'volumeBackupPolicy', 'if-not-present');
  const target = facts.targets?.find((candidate) => candidate.metadata.name === DEFAULT_TARGET);
  addOwner(draft, { kind: 'BackupTarget', name: DEFAULT_TARGET, uid: target?.metadata.uid });
}

function blockSize(ofVolume: string | undefined): string {
  return ofVolume && ofVolume !== '0' ? ofVolume : DEFAULT_BLOCK_SIZE;
}
