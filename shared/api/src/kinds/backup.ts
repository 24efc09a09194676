/** Backup: one backup of one volume, taken here or pulled from the store. */
import type { KubeObject } from '../resource.ts';
import { type KindDefinition, longhornResource, readyColumn } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  default: {},
  description: 'What to back up and how.',
  properties: {
    snapshotName: part.nameOf('Name of the Snapshot to back up; empty for a backup that was pulled from the store.'),
    labels: part.stringMap('Labels that are stored with the backup.'),
    backupMode: {
      type: 'string',
      enum: ['full', 'incremental', ''],
      description: 'full uploads every block; incremental only what changed since the last backup.',
    },
    backupBlockSize: {
      type: 'string',
      enum: ['-1', '2097152', '16777216'],
      description:
        'Block size in bytes: 2097152 (2 MiB) or 16777216 (16 MiB); -1: unknown, the backup cannot be restored; absent: 2 MiB.',
    },
    syncRequestedAt: part.syncRequestedAt,
  },
  'x-kubernetes-validations': [
    {
      rule: "!has(oldSelf.snapshotName) || oldSelf.snapshotName == '' || (has(self.snapshotName) && self.snapshotName == oldSelf.snapshotName)",
      message: 'snapshotName is immutable; create another Backup instead',
      fieldPath: '.snapshotName',
    },
    {
      rule: "!has(oldSelf.backupBlockSize) || oldSelf.backupBlockSize == '-1' || (has(self.backupBlockSize) && self.backupBlockSize == oldSelf.backupBlockSize)",
      message: 'backupBlockSize is immutable once it is known',
      fieldPath: '.backupBlockSize',
    },
  ],
} as const;

const status = {
  type: 'object',
  description: 'What became of the backup.',
  properties: {
    ownerID: part.ownerId,
    state: part.backupState,
    progress: part.progress,
    replicaAddress: part.text('Address of the replica that ran the backup (Longhorn).'),
    error: part.text('Why the backup failed.'),
    url: part.url('URL of the backup in the store.'),
    snapshotName: part.text('Name of the snapshot that was backed up.'),
    snapshotCreatedAt: part.textTime('When the snapshot was created.'),
    backupCreatedAt: part.textTime('When the backup was completed.'),
    size: part.bytes('Size of the snapshot.'),
    labels: part.stringMap('Labels that are stored with the backup.'),
    messages: part.messages,
    volumeName: part.text('Name of the source volume.'),
    volumeSize: part.bytes('Size of the source volume.'),
    volumeCreated: part.textTime('When the source volume was created.'),
    volumeBackingImageName: part.text('Name of the backing image of the source volume.'),
    lastSyncedAt: part.lastSyncedAt,
    compressionMethod: part.text('How the blocks are compressed: none, lz4 or gzip.'),
    newlyUploadDataSize: part.bytes('Size of the data that this backup uploaded for the first time.'),
    reUploadedDataSize: part.bytes('Size of the data that this backup uploaded again.'),
    backupTargetName: part.text('Name of the backup target that holds the backup.'),
    conditions: part.conditions,
    ...part.observedSync,
    bytesTotal: part.bytes('Size of the data that has to be looked at.'),
    bytesDone: part.bytes('Size of the data that has been looked at.'),
    startedAt: part.time('When the backup began.'),
    inProgressConfig: part.text(
      'What tells the in-progress config in the store as this backup’s own; empty once it is complete.',
    ),
    verifiedAt: part.time(
      'When the blocks of the backup were last looked for in the store; condition Verified says what was found.',
    ),
    badBlocks: {
      type: 'array',
      nullable: true,
      maxItems: 100,
      items: { type: 'string', maxLength: 64 },
      description:
        'Checksums of the first blocks that were missing or corrupt then; the next backup of the volume writes them again.',
    },
  },
} as const;

/** What to back up and how; empty for a pulled backup. */
export type BackupSpec = part.TypeOf<typeof spec>;

/** What became of a backup. Sets condition `Ready`. */
export type BackupStatus = part.TypeOf<typeof status>;

/** One backup of one volume. */
export type Backup = KubeObject<BackupSpec, BackupStatus>;

/** Definition of kind Backup. */
export const backup = {
  resource: longhornResource('Backup', 'backups'),
  singular: 'backup',
  shortName: 'lhb',
  description: 'A Backup is one backup of one volume in one backup store.',
  columns: [
    { name: 'SnapshotName', type: 'string', jsonPath: '.status.snapshotName', description: 'The snapshot' },
    { name: 'SnapshotSize', type: 'string', jsonPath: '.status.size', description: 'Size of the snapshot in bytes' },
    {
      name: 'SnapshotCreatedAt',
      type: 'string',
      jsonPath: '.status.snapshotCreatedAt',
      description: 'Creation of the snapshot',
    },
    { name: 'BackupTarget', type: 'string', jsonPath: '.status.backupTargetName', description: 'The backup target' },
    { name: 'Volume', type: 'string', jsonPath: '.status.volumeName', description: 'The source volume', priority: 1 },
    { name: 'State', type: 'string', jsonPath: '.status.state', description: 'State of the backup' },
    readyColumn,
    { name: 'LastSyncedAt', type: 'string', jsonPath: '.status.lastSyncedAt', description: 'The last sync' },
  ],
  properties: { spec, status },
  required: [],
  rules: [],
} as const satisfies KindDefinition;
