/** The objects that mirror a store, complete as admission would make them: writes of this service skip admission. Pure. */
import {
  ANNOTATION_CONFIG_ETAG,
  ANNOTATION_FINGERPRINT,
  ANNOTATION_STORE,
  ANNOTATION_STORE_NAME,
  ANNOTATION_TARGET_UID,
  ANNOTATION_TRACEPARENT,
  API_VERSION,
  backingImageName,
  backupVolumeName,
  FINALIZER,
  LABEL_BACKING_IMAGE,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  LABEL_VERSION,
  labelValue,
} from '@mooring/api';
import type {
  BackupBackingImage,
  BackupTarget,
  BackupVolume,
  ObjectMeta,
  OwnerReference,
  SystemBackup,
} from '@mooring/api';
import type { MirrorStamp } from './volume-diff.ts';

/** What an object mirrors. */
export interface MirrorSource {
  readonly target: BackupTarget;
  readonly stamp: MirrorStamp;
  /** W3C traceparent of the pass. */
  readonly traceparent?: string | undefined;
}

/** The reference to the target, without `controller` and `blockOwnerDeletion`, as Longhorn's. */
function ownerReference(target: BackupTarget): OwnerReference {
  const { name, uid = '' } = target.metadata;
  return { apiVersion: API_VERSION, kind: 'BackupTarget', name, uid };
}

/** Annotations that tie a mirrored object to its target and store. */
function stampAnnotations(source: MirrorSource, storeName: string): Record<string, string> {
  return {
    [ANNOTATION_STORE_NAME]: storeName,
    [ANNOTATION_TARGET_UID]: source.stamp.targetUid,
    [ANNOTATION_STORE]: source.stamp.store,
    ...(source.traceparent === undefined ? {} : { [ANNOTATION_TRACEPARENT]: source.traceparent }),
  };
}

/** The BackupVolume of `volume`. `spec.syncRequestedAt` stays empty: without `lastSyncedAt` it is synced anyway. */
export function buildBackupVolume(source: MirrorSource, volume: string, fingerprint: string): BackupVolume {
  const target = source.target.metadata.name;
  return {
    apiVersion: API_VERSION,
    kind: 'BackupVolume',
    metadata: {
      ...mirrorMeta(source, backupVolumeName(volume, target)),
      labels: volumeLabels(target, volume),
      annotations: { ...stampAnnotations(source, volume), [ANNOTATION_FINGERPRINT]: fingerprint },
    },
    spec: { backupTargetName: target, volumeName: volume },
  };
}

/** Labels of a BackupVolume; they only select. */
function volumeLabels(target: string, volume: string): Record<string, string> {
  return { [LABEL_BACKUP_TARGET]: labelValue(target), [LABEL_BACKUP_VOLUME]: labelValue(volume) };
}

/** The BackupBackingImage of `image`; `version` is what its config looks like in the store. */
export function buildBackingImage(source: MirrorSource, image: string, version: string): BackupBackingImage {
  const target = source.target.metadata.name;
  return {
    apiVersion: API_VERSION,
    kind: 'BackupBackingImage',
    metadata: {
      ...mirrorMeta(source, backingImageName(image, target)),
      labels: { [LABEL_BACKUP_TARGET]: labelValue(target), [LABEL_BACKING_IMAGE]: labelValue(image) },
      annotations: { ...stampAnnotations(source, image), [ANNOTATION_CONFIG_ETAG]: version },
    },
    spec: { backingImage: image, userCreated: false, backupTargetName: target, labels: {} },
  };
}

/** Which system backup an object is about: names alone are not unique in a store. */
export interface SystemBackupIdentity {
  readonly version: string;
  readonly name: string;
}

/** The SystemBackup called `objectName` for `identity`. */
export function buildSystemBackup(
  source: MirrorSource,
  identity: SystemBackupIdentity,
  object: { readonly name: string; readonly version: string },
): SystemBackup {
  const target = source.target.metadata.name;
  return {
    apiVersion: API_VERSION,
    kind: 'SystemBackup',
    metadata: {
      ...mirrorMeta(source, object.name),
      labels: { [LABEL_BACKUP_TARGET]: labelValue(target), [LABEL_VERSION]: labelValue(identity.version) },
      annotations: { ...stampAnnotations(source, identity.name), [ANNOTATION_CONFIG_ETAG]: object.version },
    },
    spec: { volumeBackupPolicy: 'if-not-present' },
  };
}

/** A merge patch that makes an object of someone else's ours: what is there stays, `resourceVersion` guards the two lists. */
export function adoptionMeta(source: MirrorSource, existing: ObjectMeta, wanted: ObjectMeta): Partial<ObjectMeta> {
  const own = ownerReference(source.target);
  const owners = existing.ownerReferences ?? [];
  const finalizers = existing.finalizers ?? [];
  return {
    ...(existing.resourceVersion === undefined ? {} : { resourceVersion: existing.resourceVersion }),
    labels: wanted.labels ?? {},
    annotations: wanted.annotations ?? {},
    ownerReferences: owners.some(({ uid }) => uid === own.uid) ? owners : [...owners, own],
    finalizers: finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER],
  };
}

function mirrorMeta(source: MirrorSource, name: string): ObjectMeta {
  const { namespace } = source.target.metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    finalizers: [FINALIZER],
    ownerReferences: [ownerReference(source.target)],
  };
}
