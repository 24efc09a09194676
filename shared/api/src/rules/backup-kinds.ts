/** Rules of BackupVolume, BackupBackingImage and SystemBackup (longhorn-manager.md §2.2). */
import type { BackupTarget } from '../kinds/backup-target.ts';
import { DEFAULT_TARGET } from '../labels.ts';
import { parseGoUrl } from '../go-url.ts';
import { nameOf, specText } from '../raw-object.ts';
import type { Denial, Review, Verdict } from '../review.ts';
import { invalid, unconfirmed } from './verdict.ts';

/** Schemes that are of no use without credentials. */
const SCHEMES_WITH_CREDENTIALS: readonly string[] = ['s3', 'azblob', 'cifs'];

/** A BackupVolume names its target and its volume. */
export function validateBackupVolume({ object, facts }: Review): Verdict {
  const target = specText(object, 'backupTargetName');
  const denials: Denial[] = [];
  if (target === '') {
    denials.push(invalid('spec.backupTargetName', 'backup target name cannot be empty', 'name a BackupTarget'));
  }
  if (specText(object, 'volumeName') === '') {
    denials.push(invalid('spec.volumeName', 'volume name cannot be empty', 'name the volume as the store has it'));
  }
  const isUnknown = target !== '' && facts.targets !== undefined && !findTarget(facts.targets, target);
  const warning = `spec.backupTargetName: there is no BackupTarget ${target}; nothing is synced until it exists`;
  return { denials, warnings: isUnknown ? [warning] : [] };
}

/** A BackupBackingImage is the only one of its image in its target, and the target can take it. */
export function validateBackupBackingImage({ operation, object, facts }: Review): Verdict {
  if (operation !== 'CREATE') return { denials: [], warnings: [] };
  const [image, target] = [specText(object, 'backingImage'), specText(object, 'backupTargetName')];
  const others = facts.backingImages?.[`${target}/${image}`] ?? [];
  const twin = others.find((other) => other.metadata.name !== nameOf(object));
  if (!twin) return { denials: targetDenials(facts.targets, target, 'spec.backupTargetName'), warnings: [] };
  const message = `backup backing image ${image} for backup target ${target} already exists`;
  const cure = `use BackupBackingImage ${twin.metadata.name}, or delete it first`;
  return { denials: [unconfirmed(invalid('spec.backingImage', message, cure))], warnings: [] };
}

/** A SystemBackup goes to target `default`, which has to be configured. */
export function validateSystemBackup({ operation, facts }: Review): Verdict {
  if (operation !== 'CREATE') return { denials: [], warnings: [] };
  const target = findTarget(facts.targets, DEFAULT_TARGET);
  const url = target?.spec.backupTargetURL ?? '';
  const field = 'metadata.name';
  if (url === '') {
    const message = `failed to create system backup: backup target ${DEFAULT_TARGET} is not set`;
    const cure = `set spec.backupTargetURL of BackupTarget ${DEFAULT_TARGET}`;
    return { denials: [unconfirmed(invalid(field, message, cure))], warnings: [] };
  }
  const parsed = parseGoUrl(url);
  const scheme = 'error' in parsed ? '' : parsed.scheme;
  if (!SCHEMES_WITH_CREDENTIALS.includes(scheme) || target?.spec.credentialSecret) return { denials: [], warnings: [] };
  const message = `failed to create system backup: could not access ${scheme} without credential secret`;
  const cure = `set spec.credentialSecret of BackupTarget ${DEFAULT_TARGET}`;
  return { denials: [unconfirmed(invalid(field, message, cure))], warnings: [] };
}

/** The target of that name. */
export function findTarget(targets: readonly BackupTarget[] | undefined, name: string): BackupTarget | undefined {
  return targets?.find((target) => target.metadata.name === name);
}

/** The target exists, has a URL and answered at its last probe. */
export function targetDenials(targets: readonly BackupTarget[] | undefined, name: string, field: string): Denial[] {
  const target = findTarget(targets, name);
  if (!target) {
    const message = `failed to get backup target ${name}: it does not exist`;
    return [unconfirmed(invalid(field, message, 'create it first, or name another one'))];
  }
  if (target.spec.backupTargetURL && target.status?.available) return [];
  const cure = target.spec.backupTargetURL
    ? `see its conditions: kubectl describe backuptarget ${name}`
    : `set spec.backupTargetURL of BackupTarget ${name}`;
  return [unconfirmed(invalid(field, `backup target ${name} is not available`, cure))];
}
