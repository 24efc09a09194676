import {
  ANNOTATION_CONFIG_ETAG,
  ANNOTATION_STORE,
  ANNOTATION_STORE_NAME,
  ANNOTATION_TARGET_UID,
  ANNOTATION_TRACEPARENT,
  API_VERSION,
  type Backup,
  FINALIZER,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  labelValue,
  type OwnerReference,
} from '@mooring/api';
import type { WantedBackup } from './policies.ts';
import type { Scope } from './scope.ts';

/**
 * The object of one pulled backup, complete as admission would make it (our own writes skip admission). `spec.snapshotName` stays empty: that
 * marks a pulled backup. `backupBlockSize` is unknown until backup-controller has read the config; absent means 2 MiB.
 */
export function buildBackup(scope: Scope, wanted: WantedBackup, name: string): Backup {
  const { identity, owner } = scope;
  return {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: {
      name,
      namespace: identity.namespace,
      labels: {
        [LABEL_BACKUP_TARGET]: labelValue(identity.target),
        [LABEL_BACKUP_VOLUME]: identity.volumeLabel,
      },
      annotations: {
        [ANNOTATION_STORE_NAME]: wanted.storeName,
        [ANNOTATION_CONFIG_ETAG]: wanted.stamp,
        ...(owner.store === '' ? {} : { [ANNOTATION_STORE]: owner.store }),
        ...(owner.targetUid === '' ? {} : { [ANNOTATION_TARGET_UID]: owner.targetUid }),
        ...(scope.traceparent === undefined ? {} : { [ANNOTATION_TRACEPARENT]: scope.traceparent }),
      },
      finalizers: [FINALIZER],
      ownerReferences: [ownerReferenceOf(scope)],
    },
    spec: { snapshotName: '', labels: {}, backupMode: 'incremental' },
  };
}

/** The reference to the BackupVolume, without `controller` and `blockOwnerDeletion`, as Longhorn's. */
export function ownerReferenceOf({ identity, owner }: Scope): OwnerReference {
  return { apiVersion: API_VERSION, kind: 'BackupVolume', name: identity.objectName, uid: owner.uid };
}
