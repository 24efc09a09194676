/** All kinds: definitions, and the records that other packages look things up in. */
import type { ResourceType } from '../resource.ts';
import { backup } from './backup.ts';
import { backupBackingImage } from './backup-backing-image.ts';
import { backupTarget } from './backup-target.ts';
import { backupVolume } from './backup-volume.ts';
import type { KindDefinition } from './kind.ts';
import { recurringJob } from './recurring-job.ts';
import { setting } from './setting.ts';
import { snapshot } from './snapshot.ts';
import { systemBackup } from './system-backup.ts';
import { volume } from './volume.ts';

/** Every kind, in the order in which documentation and CRDs list them. */
export const kinds: readonly KindDefinition[] = [
  backupTarget,
  backupVolume,
  backup,
  backupBackingImage,
  systemBackup,
  volume,
  snapshot,
  recurringJob,
  setting,
];

/** Where each kind lives in the API. */
export const resources = {
  backupTargets: backupTarget.resource,
  backupVolumes: backupVolume.resource,
  backups: backup.resource,
  backupBackingImages: backupBackingImage.resource,
  systemBackups: systemBackup.resource,
  volumes: volume.resource,
  snapshots: snapshot.resource,
  recurringJobs: recurringJob.resource,
  settings: setting.resource,
} as const satisfies Record<string, ResourceType>;

/** Names of the kinds. */
export type KindName =
  | 'BackupTarget'
  | 'BackupVolume'
  | 'Backup'
  | 'BackupBackingImage'
  | 'SystemBackup'
  | 'Volume'
  | 'Snapshot'
  | 'RecurringJob'
  | 'Setting';
