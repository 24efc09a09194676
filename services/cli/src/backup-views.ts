import { encodeBackupUrl } from '@mooring/api';
import type { BackupHead, VolumeConfig } from '@mooring/backupstore';
import { goMap, type GoStruct, type GoValue } from './go-json.ts';

// Longhorn counts 2 MiB a block whatever the volume's block size is; scripts compare with its figures.
const SHOWN_BLOCK_BYTES = 2n * 1024n * 1024n;

/** What `ls` shows of a volume: an empty record but for its backups' names, as Longhorn does. */
export function listedVolume(volume: { readonly backups: readonly string[]; readonly error?: string }): GoStruct {
  const backups = new Map(volume.backups.map((name): [string, GoValue] => [name, LISTED_BACKUP]));
  return {
    Name: '',
    Size: '0',
    Labels: null,
    Created: '',
    LastBackupName: '',
    LastBackupAt: '',
    DataStored: '0',
    Messages: new Map(volume.error === undefined ? [] : [['error', volume.error]]),
    Backups: backups.size === 0 ? undefined : backups,
    BackingImageName: '',
    BackingImageChecksum: '',
    StorageClassname: '',
    DataEngine: '',
  };
}

/** What `inspect-volume` shows. */
export function inspectedVolume(config: VolumeConfig): GoStruct {
  return {
    Name: config.name,
    Size: config.size,
    Labels: goMap(config.labels),
    Created: config.createdTime,
    LastBackupName: config.lastBackupName,
    LastBackupAt: config.lastBackupAt,
    DataStored: String(BigInt(config.blockCount) * SHOWN_BLOCK_BYTES),
    Messages: new Map(),
    BackingImageName: config.backingImageName,
    BackingImageChecksum: config.backingImageChecksum,
    StorageClassname: config.storageClassName,
    DataEngine: config.dataEngine,
  };
}

/** What `inspect` shows. */
export function inspectedBackup(backup: BackupHead, volume: VolumeConfig, targetUrl: string): GoStruct {
  return {
    Name: backup.name,
    URL: encodeBackupUrl({ backup: backup.name, volume: volume.name, targetUrl }),
    SnapshotName: backup.snapshotName,
    SnapshotCreated: backup.snapshotCreatedAt,
    Created: backup.createdTime,
    Size: backup.size,
    Labels: goMap(backup.labels),
    Parameters: goMap(backup.parameters),
    IsIncremental: backup.isIncremental,
    CompressionMethod: orOmitted(backup.compressionMethod),
    NewlyUploadedDataSize: backup.newlyUploadedDataSize,
    ReUploadedDataSize: backup.reUploadedDataSize,
    VolumeName: orOmitted(volume.name),
    VolumeSize: volume.size === '0' ? undefined : volume.size,
    VolumeCreated: orOmitted(volume.createdTime),
    VolumeBackingImageName: orOmitted(volume.backingImageName),
    Messages: null,
  };
}

const LISTED_BACKUP: GoStruct = {
  Name: '',
  URL: '',
  SnapshotName: '',
  SnapshotCreated: '',
  Created: '',
  Size: '0',
  Labels: null,
  Parameters: null,
  IsIncremental: false,
  NewlyUploadedDataSize: '0',
  ReUploadedDataSize: '0',
  Messages: null,
};

function orOmitted(text: string): string | undefined {
  return text === '' ? undefined : text;
}
