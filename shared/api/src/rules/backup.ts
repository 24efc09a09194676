/** Rules of Backup, in Longhorn's order (longhorn-manager.md §2.2). */
import { LABEL_BACKUP_TARGET, LABEL_BACKUP_VOLUME } from '../labels.ts';
import { labelValue } from '../names.ts';
import { labelOf, nameOf, specText } from '../raw-object.ts';
import type { Denial, RawObject, Review, Verdict } from '../review.ts';
import type { Volume } from '../kinds/volume.ts';
import { targetDenials } from './backup-kinds.ts';
import { nameDenials } from './names.ts';
import { forbidden, invalid, unconfirmed } from './verdict.ts';

const MODES: readonly string[] = ['full', 'incremental'];

/** -1: unknown; such a backup cannot be restored. */
const BLOCK_SIZES: readonly string[] = ['-1', '2097152', '16777216'];
const TARGET_LABEL = `metadata.labels[${LABEL_BACKUP_TARGET}]`;
const VOLUME_LABEL = `metadata.labels[${LABEL_BACKUP_VOLUME}]`;

/** A Backup names a snapshot of a volume whose target can take it. */
export function validateBackup(review: Review): Verdict {
  const denials = review.operation === 'CREATE' ? createDenials(review) : blockSizeChange(review);
  return { denials, warnings: [] };
}

function createDenials({ object, facts }: Review): Denial[] {
  const snapshotName = specText(object, 'snapshotName');
  const snapshot = facts.snapshots?.[snapshotName];
  const volume = facts.volumes?.[snapshot?.spec.volume ?? labelOf(object, LABEL_BACKUP_VOLUME)] ?? undefined;
  const target = labelOf(object, LABEL_BACKUP_TARGET);
  return [
    ...nameDenials(nameOf(object)),
    ...modeDenials(object),
    ...linkedCloneDenials(volume),
    ...volumeLabelDenials(object),
    ...(target === '' ? [missingTargetLabel()] : targetDenials(facts.targets, target, TARGET_LABEL)),
    ...blockSizeDenials(object, volume),
    ...(snapshotName === '' ? [] : snapshotDenials({ object, snapshotName, source: snapshot?.spec.volume, volume })),
  ];
}

function modeDenials(object: RawObject): Denial[] {
  const mode = specText(object, 'backupMode');
  if (mode === '' || MODES.includes(mode)) return [];
  return [invalid('spec.backupMode', `BackupMode ${mode} is not a valid option`, 'use full or incremental')];
}

/** Longhorn's linked clones share blocks with their source and cannot be backed up. */
function linkedCloneDenials(volume: Volume | undefined): Denial[] {
  const mode = (volume?.spec as { cloneMode?: unknown } | undefined)?.cloneMode;
  if (mode !== 'linked-clone') return [];
  const message = `volume ${volume?.metadata.name} is a linked clone, which cannot be backed up`;
  return [forbidden('spec.snapshotName', message, 'back up the volume that it was cloned from')];
}

function volumeLabelDenials(object: RawObject): Denial[] {
  if (labelOf(object, LABEL_BACKUP_VOLUME) !== '') return [];
  const message = 'missing backup volume label on backup object';
  return [
    invalid(VOLUME_LABEL, message, `set spec.snapshotName, or label ${LABEL_BACKUP_VOLUME} to the volume’s name`),
  ];
}

function missingTargetLabel(): Denial {
  const cure = `set label ${LABEL_BACKUP_TARGET} to the name of a BackupTarget`;
  return invalid(TARGET_LABEL, 'missing backup target label on backup object', cure);
}

function blockSizeDenials(object: RawObject, volume: Volume | undefined): Denial[] {
  const size = specText(object, 'backupBlockSize');
  if (size === '') return [];
  const field = 'spec.backupBlockSize';
  if (!BLOCK_SIZES.includes(size)) {
    return [invalid(field, `unsupported BackupBlockSize: ${size}`, 'use 2097152 or 16777216')];
  }
  const volumeSize = volume?.spec.size ?? '';
  if (size === '-1' || !/^[0-9]+$/.test(volumeSize) || BigInt(volumeSize) % BigInt(size) === 0n) return [];
  const message = `volume size ${volumeSize} must be an integer multiple of the backup block size ${size}`;
  return [invalid(field, message, 'use 2097152, or grow the volume')];
}

function snapshotDenials(parts: {
  object: RawObject;
  snapshotName: string;
  source: string | undefined;
  volume: Volume | undefined;
}): Denial[] {
  const { object, snapshotName, source, volume } = parts;
  if (!source) {
    const message = `snapshot ${snapshotName} is invalid: it does not exist`;
    return [unconfirmed(invalid('spec.snapshotName', message, 'take the snapshot first, or correct its name'))];
  }
  if (!volume) {
    const message = `failed to get volume ${source} of snapshot ${snapshotName}: it does not exist`;
    return [unconfirmed(invalid('spec.snapshotName', message, 'create the Volume first, or name another snapshot'))];
  }
  const [volumeLabel, targetLabel] = [labelOf(object, LABEL_BACKUP_VOLUME), labelOf(object, LABEL_BACKUP_TARGET)];
  const denials: Denial[] = [];
  if (volumeLabel !== '' && volumeLabel !== labelValue(source)) {
    const message = `snapshot volume name ${source} and label volume name ${volumeLabel} does not match`;
    denials.push(invalid(VOLUME_LABEL, message, `set the label to ${labelValue(source)}, or leave it out`));
  }
  const target = volume.spec.backupTargetName || 'default';
  if (targetLabel !== '' && targetLabel !== labelValue(target)) {
    const message = `volume backup target ${target} and label backup target ${targetLabel} does not match`;
    denials.push(
      invalid(TARGET_LABEL, message, `set the label to ${labelValue(target)}, or change the Volume’s backupTargetName`),
    );
  }
  return denials;
}

/** Immutable, unless the old value was invalid. */
function blockSizeChange({ object, old }: Review): Denial[] {
  const [before, after] = [specText(old, 'backupBlockSize'), specText(object, 'backupBlockSize')];
  const wasValid = before !== '-1' && BLOCK_SIZES.includes(before);
  if (wasValid && before !== after) {
    const message = `changing backup block size for backup ${nameOf(object)} is not supported`;
    return [invalid('spec.backupBlockSize', message, `leave it at ${before}; take another backup for another size`)];
  }
  return before === after ? [] : blockSizeDenials(object, undefined);
}
