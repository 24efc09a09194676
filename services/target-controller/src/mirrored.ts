/** What the cluster already mirrors of a target's store. Pure. */
import { ANNOTATION_STORE } from '@mooring/api';
import type { BackupBackingImage, BackupVolume, ObjectMeta, SystemBackup } from '@mooring/api';
import { identityKey, identityOf, isMirror } from './system-backup-diff.ts';
import { isForeign } from './volume-diff.ts';

/** The objects of one target. */
export interface TargetObjects {
  readonly volumes: readonly BackupVolume[];
  readonly backingImages: readonly BackupBackingImage[];
  readonly systemBackups: readonly SystemBackup[];
}

/** Which of them count: those of this target object, from a store that this one may be. */
export interface MirroredFilter {
  readonly targetUid: string;
  /** Whether `mooring.io/store` of an object is this store's hash, with the recorded ID or without one. */
  readonly isThisStore: (hash: string) => boolean;
}

/** One name for each thing in a store, so that what is mirrored and what is listed can be compared. */
export const storeNames = {
  volume: (name: string): string => `volume/${name}`,
  backingImage: (name: string): string => `backing-image/${name}`,
  systemBackup: (key: { readonly version: string; readonly name: string }): string =>
    `system-backup/${identityKey(key)}`,
};

/** Names ({@link storeNames}) of everything that an earlier sync of this store mirrored; objects being deleted are left out. */
export function mirroredNames(objects: TargetObjects, filter: MirroredFilter): string[] {
  const counts = ({ metadata }: { readonly metadata: ObjectMeta }): boolean => isEarlier(metadata, filter);
  return [
    ...objects.volumes.filter(counts).map(({ spec }) => storeNames.volume(spec.volumeName ?? '')),
    ...objects.backingImages
      .filter((object) => counts(object) && !object.spec.userCreated)
      .map(({ spec }) => storeNames.backingImage(spec.backingImage)),
    ...objects.systemBackups
      .filter((object) => counts(object) && isMirror(object))
      .map((object) => `system-backup/${identityOf(object)}`),
  ];
}

function isEarlier(metadata: ObjectMeta, { targetUid, isThisStore }: MirroredFilter): boolean {
  if (metadata.deletionTimestamp || isForeign(metadata, targetUid)) return false;
  const store = metadata.annotations?.[ANNOTATION_STORE];
  return store === undefined || isThisStore(store);
}
