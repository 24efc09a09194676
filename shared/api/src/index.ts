/** @mooring/api: kinds, names, destinations and rules of longhorn.io/v1beta2. Pure: no I/O, imports nothing of ours. */
export * from './backup-state.ts';
export * from './backup-url.ts';
export * from './conditions.ts';
export * from './config-stamp.ts';
export { customResourceDefinition } from './crd.ts';
export * from './crd-plan.ts';
export * from './credentials.ts';
export * from './destination.ts';
export * from './defaults.ts';
export * from './duration.ts';
export type { ErrorDefinition, ErrorKind, ErrorRegistry } from './errors.ts';
export { errorRegistry } from './errors.ts';
export * from './facts.ts';
export * from './first-listing.ts';
export * from './facts-needed.ts';
export * from './kinds/index.ts';
export type * from './kinds/kind.ts';
export type { Backup, BackupSpec, BackupStatus } from './kinds/backup.ts';
export type {
  BackupBackingImage,
  BackupBackingImageSpec,
  BackupBackingImageStatus,
} from './kinds/backup-backing-image.ts';
export type { BackupTarget, BackupTargetSpec, BackupTargetStatus } from './kinds/backup-target.ts';
export type { BackupVolume, BackupVolumeSpec, BackupVolumeStatus } from './kinds/backup-volume.ts';
export type { RecurringJob, RecurringJobSpec, RecurringJobStatus } from './kinds/recurring-job.ts';
export type { Setting, SettingStatus } from './kinds/setting.ts';
export type { Snapshot, SnapshotSpec, SnapshotStatus } from './kinds/snapshot.ts';
export type { SystemBackup, SystemBackupSpec, SystemBackupStatus } from './kinds/system-backup.ts';
export type { Volume, VolumeSource, VolumeSpec, VolumeStatus } from './kinds/volume.ts';
export * from './labels.ts';
export * from './mover-job.ts';
export * from './mover-run.ts';
export * from './names.ts';
export * from './reasons.ts';
export * from './remote-data.ts';
export type * from './resource.ts';
export type * from './review.ts';
export * from './settings.ts';
export { type RestoreSource, restoreSource, storeNameOf, targetOfBackup } from './restored-from.ts';
export * from './store-identity.ts';
export * from './target-access.ts';
export * from './time.ts';
export * from './validate.ts';
export * from './version.ts';
