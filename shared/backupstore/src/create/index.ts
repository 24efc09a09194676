/** Making backups. */
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
