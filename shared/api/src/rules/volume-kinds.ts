/** Rules of Volume and Snapshot, as far as they concern backups (longhorn-manager.md §2.2). */
import type { Facts } from '../facts.ts';
import type { Backup } from '../kinds/backup.ts';
import { nameOf, specMap, specText } from '../raw-object.ts';
import {
  restoredBackup,
  restoredBackupVolume,
  restoreSource,
  type RestoreSource,
  targetOfBackup,
} from '../restored-from.ts';
import type { Denial, RawObject, Review, Verdict } from '../review.ts';
import { findTarget } from './backup-kinds.ts';
import { nameDenials } from './names.ts';
import { forbidden, invalid, unconfirmed } from './verdict.ts';

const FROM_BACKUP = 'spec.fromBackup';

/** Rules for creating and changing a Volume; deleting one is free. */
export function validateVolume(review: Review): Verdict {
  const { operation, object, old, facts } = review;
  if (operation === 'DELETE') return { denials: [], warnings: [] };
  const isTargetChanged = specText(object, 'backupTargetName') !== specText(old, 'backupTargetName');
  const denials = [
    ...(operation === 'CREATE' || isTargetChanged ? targetNameDenials(object, facts) : []),
    ...(operation === 'CREATE' ? creationDenials(object, facts) : changeDenials(object, old)),
    ...shardedDenials(object),
  ];
  return { denials, warnings: [] };
}

/** Rules for creating and changing a Snapshot; deleting one is free. */
export function validateSnapshot({ operation, object, old, facts }: Review): Verdict {
  if (operation === 'DELETE') return { denials: [], warnings: [] };
  const volume = specText(object, 'volume');
  const denials: Denial[] = [];
  if (volume === '') {
    denials.push(invalid('spec.volume', 'spec.volume is required', 'name the Volume to take a snapshot of'));
  } else if (operation === 'CREATE' && facts.volumes?.[volume] === null) {
    const message = `failed to get volume ${volume}: it does not exist`;
    denials.push(unconfirmed(invalid('spec.volume', message, 'create the Volume first, or correct the name')));
  } else if (operation === 'UPDATE' && specText(old, 'volume') !== '' && volume !== specText(old, 'volume')) {
    denials.push(invalid('spec.volume', 'spec.volume is immutable', 'create another Snapshot instead'));
  }
  const bad = Object.entries(specMap(object, 'labels')).find(
    ([key, value]) => key.includes('=') || value.includes('='),
  );
  if (bad) {
    denials.push(invalid(`spec.labels[${bad[0]}]`, `label ${bad[0]} of the snapshot contains =`, 'leave the = out'));
  }
  return { denials, warnings: [] };
}

function targetNameDenials(object: RawObject, facts: Facts): Denial[] {
  const name = specText(object, 'backupTargetName');
  const field = 'spec.backupTargetName';
  if (name === '') return [invalid(field, 'backup target name cannot be empty', 'name a BackupTarget, e.g. default')];
  if (facts.targets === undefined || findTarget(facts.targets, name)) return [];
  const message = `failed to get backup target ${name}: it does not exist`;
  return [unconfirmed(invalid(field, message, 'create it first, or name another one'))];
}

/** The name too: its backups are kept under it in the store, where no reader takes a name of one character for a volume. */
function creationDenials(object: RawObject, facts: Facts): Denial[] {
  return [...nameDenials(nameOf(object)), ...restoreDenials(object, facts)];
}

function restoreDenials(object: RawObject, facts: Facts): Denial[] {
  const url = specText(object, 'fromBackup');
  const isStandby = object.spec?.['Standby'] === true;
  if (url === '') {
    return isStandby
      ? [
          invalid(
            'spec.Standby',
            'a standby volume needs a backup to follow',
            'set spec.fromBackup to the URL of a backup',
          ),
        ]
      : [];
  }
  const source = restoreSource(url);
  if (!source) {
    const cure = 'copy status.url of a Backup: <target URL>?backup=<backup>&volume=<volume>';
    return [invalid(FROM_BACKUP, 'it names no backup and volume', cure)];
  }
  const backup = restoredBackup(source, facts);
  if (backup) return sourceDenials({ object, source, backup, facts });
  const message = `cannot get backup ${source.backup}: it does not exist in this cluster`;
  return [
    unconfirmed(invalid(FROM_BACKUP, message, 'wait for the next sync of its backup target, or correct the URL')),
  ];
}

function sourceDenials(parts: { object: RawObject; source: RestoreSource; backup: Backup; facts: Facts }): Denial[] {
  const { object, source, backup, facts } = parts;
  const target = targetOfBackup(backup);
  const volume = restoredBackupVolume(source, backup, facts);
  if (!volume) {
    const message = `cannot get backup volume for backup target ${target} and volume ${source.volume}: it does not exist`;
    return [unconfirmed(invalid(FROM_BACKUP, message, 'wait for the next sync of the backup target'))];
  }
  if (backup.spec.backupBlockSize === '-1') {
    const message = `the block size of backup ${source.backup} is not known, so it cannot be restored`;
    return [invalid(FROM_BACKUP, message, 'ask for a sync of the Backup, or choose another one')];
  }
  const [ofVolume, ofBackup] = [volume.status?.backingImageName ?? '', backup.status?.volumeBackingImageName ?? ''];
  if (ofVolume !== ofBackup) {
    const message = `backing image of backup volume (${ofVolume || 'none'}) and of backup (${ofBackup || 'none'}) differ. The backup volume resource is being updated and please retry later`;
    const denial: Denial = { field: FROM_BACKUP, message, cure: 'try again after the next sync', code: 409 };
    return [unconfirmed(denial)];
  }
  return imageDenials(object, ofBackup);
}

function imageDenials(object: RawObject, ofBackup: string): Denial[] {
  const image = specText(object, 'backingImage');
  if (image === '' || image === ofBackup) return [];
  const message = `backing image ${image} is not the one of the backup (${ofBackup || 'none'})`;
  return [invalid('spec.backingImage', message, 'leave it out')];
}

function changeDenials(object: RawObject, old: RawObject | undefined): Denial[] {
  return [
    ...fixedDenials({ object, old, field: 'backupCompressionMethod', what: 'backup compression method' }),
    ...fixedDenials({ object, old, field: 'backupBlockSize', what: 'backup block size' }),
    ...sizeDenials(object, old),
  ];
}

/** A field that may be set once and never changed. */
function fixedDenials(parts: { object: RawObject; old: RawObject | undefined; field: string; what: string }): Denial[] {
  const { object, old, field, what } = parts;
  const [before, after] = [specText(old, field), specText(object, field)];
  if (['', '0'].includes(before) || before === after) return [];
  const message = `changing ${what} for volume ${nameOf(object)} is not supported`;
  return [invalid(`spec.${field}`, message, `leave it at ${before}`)];
}

function sizeDenials(object: RawObject, old: RawObject | undefined): Denial[] {
  const status = old?.['status'] as { restoreRequired?: unknown } | undefined;
  const isRestoring = old?.spec?.['Standby'] === true || status?.restoreRequired === true;
  if (!isRestoring || specText(old, 'size') === specText(object, 'size')) return [];
  const message = `expanding volume ${nameOf(object)} is not supported while it is restored or stands by`;
  return [forbidden('spec.size', message, 'wait for the restore, or activate the volume first')];
}

/** Longhorn's erasure-coded ("sharded") volumes can neither be restored nor stand by. */
function shardedDenials(object: RawObject): Denial[] {
  const isRestored = specText(object, 'fromBackup') !== '' || object.spec?.['Standby'] === true;
  if (specText(object, 'dataLayout') !== 'sharded' || !isRestored) return [];
  return [invalid('spec.dataLayout', 'a sharded volume cannot be restored from a backup', 'leave spec.dataLayout out')];
}
