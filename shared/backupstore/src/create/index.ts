/** Making backups. */
export { createBackingImage } from './create-backing-image.ts';
export type { CreateBackingImageOptions, CreateBackingImageResult } from './create-backing-image.ts';
export { createBackup } from './create-backup.ts';
export { STARTING } from './existing-backup.ts';
export type {
  BackedUpSnapshot,
  BackedUpVolume,
  BackupMode,
  BackupProgress,
  CreateBackupOptions,
  CreateBackupResult,
} from './types.ts';
