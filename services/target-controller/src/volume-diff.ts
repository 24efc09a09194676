/** What one scanned or vanished volume means for its BackupVolume object. Pure; tables in volume-diff.test.ts. */
import {
  ANNOTATION_FINGERPRINT,
  ANNOTATION_STORE,
  ANNOTATION_STORE_NAME,
  ANNOTATION_TARGET_UID,
  isAskedToSync,
  LABEL_BACKUP_TARGET,
} from '@mooring/api';
import type { BackupVolume, ObjectMeta } from '@mooring/api';

/** Which target and store mirrored objects belong to: `mooring.io/target-uid` and `mooring.io/store`. */
export interface MirrorStamp {
  readonly targetUid: string;
  /** 16 hex of the store's identity. */
  readonly store: string;
}

/** What is in the store, and what stands in the cluster for it. */
export interface VolumeFacts {
  readonly existing: BackupVolume | undefined;
  /** The scan's fingerprint; ends in `~<time>` where a young mtime is not trusted yet, so that the next scan differs. */
  readonly fingerprint: string;
  /** Backups in the store. */
  readonly backupsListed: number;
  /** Backup objects of this volume that mirror the store (pulled, or completed), none of them being deleted. */
  readonly backupsMirrored: number;
  readonly stamp: MirrorStamp;
}

/**
 * `blocked`: the object is being deleted; it can be created again only when it is gone.
 * `replace`: it belongs to another target object of that name (`kubectl replace --force`): delete it, then as `blocked`.
 * `adopt`: someone else (Longhorn, a restore from a cluster backup) made it: stamp it, then as `update`.
 */
export type VolumeChange = 'none' | 'create' | 'update' | 'adopt' | 'replace' | 'blocked';

/** Decides what to do about a volume that the store holds. */
export function decideVolume(facts: VolumeFacts): VolumeChange {
  const { existing, stamp } = facts;
  if (existing === undefined) return 'create';
  if (existing.metadata.deletionTimestamp) return 'blocked';
  if (isForeign(existing.metadata, stamp.targetUid)) return 'replace';
  const annotations = existing.metadata.annotations ?? {};
  const isStamped =
    annotations[ANNOTATION_TARGET_UID] === stamp.targetUid && annotations[ANNOTATION_STORE] === stamp.store;
  if (!isStamped || annotations[ANNOTATION_STORE_NAME] === undefined) return 'adopt';
  if (annotations[ANNOTATION_FINGERPRINT] !== facts.fingerprint) return 'update';
  // A sync that was asked for and has not run yet will put the number right: asking again would only make it start anew.
  if (facts.backupsListed !== facts.backupsMirrored && !isAskedToSync(existing)) return 'update';
  return 'none';
}

/** Whether a mirrored object belongs to another incarnation of its target; without stamp and owner it belongs to no one yet. */
export function isForeign(metadata: ObjectMeta, targetUid: string): boolean {
  const stamped = metadata.annotations?.[ANNOTATION_TARGET_UID];
  if (stamped !== undefined) return stamped !== targetUid;
  const owners = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'BackupTarget');
  return owners.length > 0 && owners.every(({ uid }) => uid !== targetUid);
}

/** The BackupVolume objects of one target, by volume name, and those that must go. */
export interface VolumeIndex {
  /** The one object that stands for each volume. */
  readonly byVolume: ReadonlyMap<string, BackupVolume>;
  /** Second objects of a volume, and objects labelled for this target whose spec names no volume or another target. */
  readonly surplus: readonly BackupVolume[];
}

/**
 * Sorts out a target's objects. Identity is `spec.backupTargetName` and `spec.volumeName`, whatever the object is called; of several
 * for one volume, one that is not being deleted wins, then the oldest (as Longhorn's clean-up of duplicates), then the name.
 */
export function indexVolumes(targetName: string, objects: readonly BackupVolume[]): VolumeIndex {
  const byVolume = new Map<string, BackupVolume>();
  const surplus: BackupVolume[] = [];
  for (const object of [...objects].sort(compareSeniority)) {
    const { volumeName = '', backupTargetName } = object.spec;
    const isOurs = (backupTargetName ?? '') === targetName && volumeName !== '';
    if (isOurs && !byVolume.has(volumeName)) byVolume.set(volumeName, object);
    else if (isOurs || (object.metadata.labels?.[LABEL_BACKUP_TARGET] === targetName && !backupTargetName))
      surplus.push(object);
  }
  return { byVolume, surplus };
}

function compareSeniority(a: BackupVolume, b: BackupVolume): number {
  const deleting = Number(Boolean(a.metadata.deletionTimestamp)) - Number(Boolean(b.metadata.deletionTimestamp));
  if (deleting !== 0) return deleting;
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
