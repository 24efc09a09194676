/**
 * Labels, annotations, the finalizer and other magic strings (reference/longhorn-manager.md §1.3). Bare keys are
 * Longhorn's and MUST stay as they are: its UI, CSI driver and tests select by them. New keys use `mooring.io/`.
 */

/** API group of every kind here. */
export const GROUP = 'longhorn.io';

/** The only served and stored version. */
export const VERSION = 'v1beta2';

/** `apiVersion` of every object of ours. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Finalizer on every kind. Only this one is ever removed by us; others' finalizers survive. */
export const FINALIZER = 'longhorn.io';

/** Label on BackupVolume, Backup, BackupBackingImage, Volume: name of the BackupTarget (as a label value). */
export const LABEL_BACKUP_TARGET = 'backup-target';

/** Label on BackupVolume, Backup and restored Volumes: name of the source volume, not of the BackupVolume object. */
export const LABEL_BACKUP_VOLUME = 'backup-volume';

/** Label on BackupBackingImage: name of the backing image. */
export const LABEL_BACKING_IMAGE = 'backing-image';

/** Label on Snapshot: name of its volume. */
export const LABEL_VOLUME = 'longhornvolume';

/** Label with value `"true"`: deleting the object never deletes remote data. */
export const LABEL_DELETE_CR_ONLY = 'longhorn.io/delete-custom-resource-only';

/** Key inside a Backup's `spec.labels` and `status.labels`: access mode of the source (`rwo`, `rwop`, `rwx`). */
export const LABEL_ACCESS_MODE = 'longhorn.io/volume-access-mode';

/** Label on a mirrored SystemBackup, as a label value: the Longhorn version that took it. Longhorn's own key. */
export const LABEL_VERSION = 'longhorn.io/version';

/** Annotation with value `''` on a BackupTarget: permits deleting `default` (set by an uninstall). */
export const ANNOTATION_UNINSTALL = 'longhorn.io/delete-backup-target-from-longhorn';

/** Annotation on mirrored objects: the name of the volume, backup or backing image in the store. */
export const ANNOTATION_STORE_NAME = 'mooring.io/store-name';

/** Annotation on a BackupVolume: hash over names, ETags (or mtimes), sizes of its backups and of its volume.cfg. */
export const ANNOTATION_FINGERPRINT = 'mooring.io/fingerprint';

/** Annotation on a small BackupVolume that never synced: what the scan that found it saw, see first-listing.ts. */
export const ANNOTATION_FIRST_LISTING = 'mooring.io/first-listing';

/** Annotation on Backup, BackupBackingImage and SystemBackup: ETag (or mtime and size) of the config that the status was read from. */
export const ANNOTATION_CONFIG_ETAG = 'mooring.io/config-etag';

/** Annotation on mirrored objects: UID of the BackupTarget object that they were created for. */
export const ANNOTATION_TARGET_UID = 'mooring.io/target-uid';

/** Annotation on mirrored objects: `storeHash` of the store they came from; a later delete elsewhere is refused. */
export const ANNOTATION_STORE = 'mooring.io/store';

/** Annotation on a Backup: `lists` or `full` asks for a verification; it is taken off when that is done. */
export const ANNOTATION_VERIFY = 'mooring.io/verify';

/** Annotation on a BackupTarget: `<lastSyncedAt>` of the sync whose empty listing the user confirms. */
export const ANNOTATION_CONFIRM_EMPTY = 'mooring.io/confirm-empty';

/**
 * Annotation: what was last applied from ConfigMap `longhorn-default-resource`. On the BackupTarget `default` a JSON object of texts,
 * `{"backup-target":"s3://…"}`; on a Setting its value.
 */
export const ANNOTATION_APPLIED_CONFIG = 'mooring.io/applied-default-resource';

/** Annotation: W3C traceparent of the request that last changed the spec, so that one trace spans the reconcile. */
export const ANNOTATION_TRACEPARENT = 'mooring.io/traceparent';

/** Annotation on our CustomResourceDefinitions: the release that wrote them, `0.1.0`; a newer one's are never overwritten. */
export const ANNOTATION_CRD_VERSION = 'mooring.io/crd-version';

/** The target that Volumes, system backups and configuration use when nothing else is said. */
export const DEFAULT_TARGET = 'default';

/** Longhorn's own namespace, and the default object namespace. */
export const DEFAULT_OBJECT_NAMESPACE = 'longhorn-system';

/** Label of a Volume, with the name of a recurring job that runs on it behind it; value `enabled`. */
export const LABEL_RECURRING_JOB = 'recurring-job.longhorn.io/';

/** Label of a Volume, with the name of a group of recurring jobs that run on it behind it; value `enabled`. */
export const LABEL_RECURRING_GROUP = 'recurring-job-group.longhorn.io/';

/** Label of a backup and of a volume in the store, no label of an object: the volume's recurring jobs as JSON (longhorn-manager.md §1.3). */
export const STORE_LABEL_RECURRING_JOBS = 'VolumeRecurringJobInfo';
