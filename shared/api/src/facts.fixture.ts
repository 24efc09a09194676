/** Objects and facts that the tests of defaults and rules start from. */
import type { Facts } from './facts.ts';
import type { Backup } from './kinds/backup.ts';
import type { BackupTarget } from './kinds/backup-target.ts';
import type { BackupVolume } from './kinds/backup-volume.ts';
import type { KindName } from './kinds/index.ts';
import type { Snapshot } from './kinds/snapshot.ts';
import type { Volume } from './kinds/volume.ts';
import { API_VERSION } from './labels.ts';
import type { ObjectMeta } from './resource.ts';
import type { RawObject } from './review.ts';

const NAMESPACE = 'longhorn-system';

/** A raw object in the object namespace. */
export function raw(kind: KindName, name: string, rest: Partial<RawObject> = {}): RawObject {
  const { metadata, ...others } = rest;
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: NAMESPACE, ...metadata }, ...others };
}

/** An available BackupTarget. */
export function target(name: string, url: string, credentialSecret = ''): BackupTarget {
  return {
    ...head('BackupTarget', name),
    spec: { backupTargetURL: url, credentialSecret },
    status: { available: true },
  };
}

/** A volume of 4 MiB in target `default`. */
export function volume(name: string, spec: Volume['spec'] & Record<string, unknown> = {}): Volume {
  return { ...head('Volume', name), spec: { size: '4194304', backupTargetName: 'default', ...spec } };
}

/** A snapshot of a volume. */
export function snapshot(name: string, of: string): Snapshot {
  return { ...head('Snapshot', name), spec: { volume: of } };
}

/** A pulled backup of volume `src` in target `default`. */
export function backup(name: string, rest: { spec?: Backup['spec']; status?: Backup['status'] } = {}): Backup {
  return {
    ...head('Backup', name),
    spec: rest.spec ?? {},
    status: { backupTargetName: 'default', volumeName: 'src', volumeSize: '2097152', ...rest.status },
  };
}

/** The BackupVolume of volume `src`. */
export function backupVolume(status: BackupVolume['status'] = {}): BackupVolume {
  return { ...head('BackupVolume', 'src-1'), spec: { volumeName: 'src', backupTargetName: 'default' }, status };
}

/** Facts with an available target `default`; add what the case needs. */
export function facts(more: Partial<Facts> = {}): Facts {
  return {
    objectNamespace: NAMESPACE,
    allowedSchemes: ['s3', 'azblob', 'nfs', 'cifs'],
    targets: [target('default', 's3://bucket@region/')],
    ...more,
  };
}

function head(kind: KindName, name: string): { apiVersion: string; kind: string; metadata: ObjectMeta } {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: NAMESPACE, uid: `uid-${name}` } };
}
