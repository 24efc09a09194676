import { decodeFile, encodeFile, type DecodeSource } from './codec.ts';
import { stringCodec, type FieldTable } from './fields.ts';

/** `system-backup.cfg` (backupstore-format §2). */
export interface SystemBackupConfig {
  readonly name: string;
  readonly longhornVersion: string;
  readonly longhornGitCommit: string;
  readonly backupTargetUrl: string;
  readonly managerImage: string;
  readonly engineImage: string;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  /** SHA-256 of the zip, 64 hex digits. */
  readonly checksum: string;
}

const fields: FieldTable<SystemBackupConfig> = {
  name: ['Name', stringCodec],
  longhornVersion: ['LonghornVersion', stringCodec],
  longhornGitCommit: ['LonghornGitCommit', stringCodec],
  backupTargetUrl: ['BackupTargetURL', stringCodec],
  managerImage: ['ManagerImage', stringCodec],
  engineImage: ['EngineImage', stringCodec],
  createdAt: ['CreatedAt', stringCodec],
  checksum: ['Checksum', stringCodec],
};

/** Decodes a `system-backup.cfg`. Throws `Corrupt`. */
export function decodeSystemBackupConfig(body: Buffer, source: DecodeSource): SystemBackupConfig {
  return decodeFile(fields, body, source);
}

/** Encodes a `system-backup.cfg`, byte for byte as Longhorn. */
export function encodeSystemBackupConfig(config: SystemBackupConfig): Buffer {
  return encodeFile(fields, config);
}
