/**
 * Names of objects and label values (design.md §2 "Names"). Identity is in the spec and in `mooring.io/store-name`;
 * these names only have to be legal, deterministic and free of collisions.
 */
import { createHash } from 'node:crypto';

/** Longest `metadata.name` of a custom resource (RFC 1123 subdomain). */
const OBJECT_NAME_MAX = 253;

/** Longest label value. */
const LABEL_VALUE_MAX = 63;

const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Whether `name` can be the `metadata.name` of an object: an RFC 1123 subdomain of at most 253 characters. */
export function isObjectName(name: string): boolean {
  return name.length <= OBJECT_NAME_MAX && OBJECT_NAME.test(name);
}

/**
 * Name of the BackupVolume object of `volume` in `target`:
 * `<volume>-<first 8 hex of sha256("<volume>-<target>")>`, as Longhorn's GetBackupVolumeNameFromVolumeName.
 */
export function backupVolumeName(volume: string, target: string): string {
  return objectName(`${volume}-${hash8(`${volume}-${target}`)}`);
}

/** Name of the Backup or SystemBackup object for `storeName`, the name in the store: the same where it is legal. */
export function backupObjectName(storeName: string): string {
  return objectName(storeName);
}

/** Name of a Backup object when another (target, volume) already holds {@link backupObjectName}; stable for ever. */
export function collidingBackupName(storeName: string, volume: string, target: string): string {
  return objectName(`${storeName}-${hash8(`${volume}-${target}`)}`);
}

/** Name of the BackupBackingImage object of `image` in `target`: `<image>-<first 8 hex of sha256("<image>-<target>")>`. */
export function backingImageName(image: string, target: string): string {
  return objectName(`${image}-${hash8(`${image}-${target}`)}`);
}

/**
 * `name` as a label value: unchanged where legal (at most 63 of `[A-Za-z0-9_.-]`, alphanumeric at both ends), else
 * `<cleaned, cut>-<first 8 hex of sha256(name)>`. The empty name stays empty, which is a legal value.
 */
export function labelValue(name: string): string {
  if (name === '' || (name.length <= LABEL_VALUE_MAX && LABEL_VALUE.test(name))) return name;
  return shortened(name, LABEL_VALUE_MAX);
}

function objectName(natural: string): string {
  return isObjectName(natural) ? natural : shortened(natural, OBJECT_NAME_MAX);
}

function shortened(name: string, max: number): string {
  const suffix = `-${hash8(name)}`;
  const cut = clean(name).slice(0, max - suffix.length);
  return trimEnds(cut) + suffix;
}

/** Lower case, every illegal run one `-`, every dot-separated part alphanumeric at both ends, never empty. */
function clean(name: string): string {
  const parts = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .split('.')
    .map(trimEnds)
    .filter((part) => part !== '');
  return parts.join('.') || 'x';
}

function trimEnds(part: string): string {
  return part.replace(/^[-.]+|[-.]+$/g, '');
}

function hash8(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 8);
}
