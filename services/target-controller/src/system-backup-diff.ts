/** Which SystemBackup object mirrors which system backup of a store, and what new ones are called. Pure; tables beside. */
import {
  ANNOTATION_STORE_NAME,
  backupObjectName,
  collidingBackupName,
  DEFAULT_TARGET,
  LABEL_BACKUP_TARGET,
  LABEL_VERSION,
  labelValue,
} from '@mooring/api';
import type { SystemBackup } from '@mooring/api';
import type { SystemBackupIdentity } from './mirror-object.ts';

/** The target an object belongs to: its label, else its owner; Longhorn has them in `default` only and sets no label. */
export function targetOfSystemBackup(object: SystemBackup): string {
  const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === 'BackupTarget');
  return object.metadata.labels?.[LABEL_BACKUP_TARGET] ?? owner?.name ?? DEFAULT_TARGET;
}

/** Whether an object mirrors something in a store, or is still being made by someone. */
export function isMirror(object: SystemBackup): boolean {
  return object.metadata.annotations?.[ANNOTATION_STORE_NAME] !== undefined || object.status?.state === 'Ready';
}

/** One text for version and name; versions hold no slash. */
export function identityKey({ version, name }: SystemBackupIdentity): string {
  return `${labelValue(version)}/${name}`;
}

/** What a mirror is about. The version stands in a label, so that it is there before the first status. */
export function identityOf(object: SystemBackup): string {
  const version = object.metadata.labels?.[LABEL_VERSION] ?? labelValue(object.status?.version ?? '');
  return `${version}/${object.metadata.annotations?.[ANNOTATION_STORE_NAME] ?? object.metadata.name}`;
}

/**
 * Names to try for a new object, in order: the store's name; the same with a hash of version and target, when another target (or a
 * user's own SystemBackup) holds it. `isHeld` says whether an object of that name exists.
 */
export function chooseSystemBackupName(
  identity: SystemBackupIdentity,
  target: string,
  isHeld: (name: string) => boolean,
): string {
  const plain = backupObjectName(identity.name);
  return isHeld(plain) ? collidingBackupName(identity.name, identity.version, target) : plain;
}
