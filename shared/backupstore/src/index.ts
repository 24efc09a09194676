/** @mooring/backupstore: object stores, Longhorn's backup store format, and the scan. */
export { CheckFailed } from './conformance/check.ts';
export type { Check, CheckContext } from './conformance/check.ts';
export { conformanceChecks, probeConformance, runCheck } from './conformance/suite.ts';
export type { CheckResult } from './conformance/suite.ts';
export { backupstoreErrors, isStoreError, StoreError } from './errors.ts';
export type { StoreErrorCode, StoreErrorOptions } from './errors.ts';
export type * from './store.ts';
export type { Scheme } from '@mooring/api';
export * from './layout.ts';
export { isStoreName } from '@mooring/api';
export { decodeBackingImageConfig, encodeBackingImageConfig } from './format/backing-image-config.ts';
export type { BackingImageConfig } from './format/backing-image-config.ts';
export { decodeBackupConfig, decodeBackupHead, encodeBackupConfig, isBackupComplete } from './format/backup-config.ts';
export type { BackupConfig, BackupHead } from './format/backup-config.ts';
export { compressBlock, compressionMethods, decompressBlock, parseCompressionMethod } from './format/compression.ts';
export type { CompressionMethod, DecompressOptions } from './format/compression.ts';
export { encodeGoMap, encodeGoString } from './format/fields.ts';
export type { BlockReference, StringMap } from './format/fields.ts';
export { decodeLock, encodeLock } from './format/lock.ts';
export type { LockFile } from './format/lock.ts';
export { decodeSystemBackupConfig, encodeSystemBackupConfig } from './format/system-backup-config.ts';
export type { SystemBackupConfig } from './format/system-backup-config.ts';
export { decodeVolumeConfig, encodeVolumeConfig } from './format/volume-config.ts';
export type { VolumeConfig } from './format/volume-config.ts';
export * from './create/index.ts';
export * from './locks/index.ts';
export { readMarker, writeMarker } from './marker.ts';
export type { StoreMarker } from './marker.ts';
export { MOVER_NODE_FLAGS } from './mover-flags.ts';
export { openStore } from './open-store.ts';
export type { OpenStoreOptions, StoreCredentials } from './open-store.ts';
export {
  readBackingImageConfig,
  readBackupConfig,
  readBackupHead,
  readBackupHeadAndEnd,
  readSystemBackupConfig,
  readVolumeConfig,
} from './read-config.ts';
export type { ReadConfig } from './read-config.ts';
export { listBackingImages, listSystemBackups } from './scan/other-lists.ts';
export type { ListedBackingImage, ListedSystemBackup, Listing } from './scan/other-lists.ts';
export { probeStore, scanStore, scanVolume, StoreScan } from './scan/scan.ts';
export type { ScanIssue, ScanIssueCode, ScannedBackup, ScannedVolume, ScanOptions, ScanSummary } from './scan/types.ts';
export { resolveTargetStore, TargetStores } from './target-store.ts';
export type { CredentialSecret, ResolvedStore, ResolveOptions, TargetReference } from './target-store.ts';
export type { StoreLimits } from './wrappers/wrap-store.ts';
export { DEFAULT_BLOCK_BYTES, blockBytesOf } from './format/block-size.ts';
export { removeBackingImage } from './remove/remove-backing-image.ts';
export type { RemoveBackingImageOptions } from './remove/remove-backing-image.ts';
export { ConfirmedStore } from './remove/confirmed-store.ts';
export { assertSameStore } from './remove/same-store.ts';
export { removeBackup } from './remove/remove-backup.ts';
export type { RemoveBackupOptions } from './remove/remove-backup.ts';
export { removeVolume } from './remove/remove-volume.ts';
export type { RemoveVolumeOptions, RemoveVolumeResult } from './remove/remove-volume.ts';
export type { RemoveOptions, SweepResult } from './remove/types.ts';
export { restoreBackup } from './restore/restore-backup.ts';
export { restoreIncremental } from './restore/restore-incremental.ts';
export type { RestoreIncrementalOptions } from './restore/restore-incremental.ts';
export type { RestoreOptions, RestoreProgress, RestoreResult } from './restore/types.ts';
export { streamBackup } from './stream-backup.ts';
export type { StreamedBackup } from './stream-backup.ts';
export { systemStoreClock } from './wrappers/invoke.ts';
export type { StoreClock } from './wrappers/invoke.ts';
export { restoreBackingImage } from './restore/restore-backing-image.ts';
export type { RestoreBackingImageOptions } from './restore/restore-backing-image.ts';
export { downloadSystemBackup, removeSystemBackup, uploadSystemBackup } from './system-backup/system-backup-files.ts';
export type { SystemBackupOptions, UploadSystemBackupOptions } from './system-backup/system-backup-files.ts';
export { MAX_BAD_BLOCKS } from './verify/bad-blocks.ts';
export type { BadBlock } from './verify/bad-blocks.ts';
export { verifyBackup } from './verify/verify-backup.ts';
export type { VerifyOptions, VerifyProgress, VerifyResult } from './verify/verify-backup.ts';
