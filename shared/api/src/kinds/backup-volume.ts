/** BackupVolume: one volume in one store. */
import type { KubeObject } from '../resource.ts';
import { type KindDefinition, longhornResource, readyColumn } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  default: {},
  description: 'Which volume of which store this object mirrors.',
  properties: {
    backupTargetName: part.backupTargetName,
    volumeName: part.nameOf('Name of the source volume, as the store has it. Immutable.'),
    syncRequestedAt: part.syncRequestedAt,
  },
  'x-kubernetes-validations': [
    {
      rule: "!has(oldSelf.volumeName) || oldSelf.volumeName == '' || (has(self.volumeName) && self.volumeName == oldSelf.volumeName)",
      message: 'volumeName is immutable; create another BackupVolume instead',
      fieldPath: '.volumeName',
    },
    {
      rule: "!has(oldSelf.backupTargetName) || oldSelf.backupTargetName == '' || (has(self.backupTargetName) && self.backupTargetName == oldSelf.backupTargetName)",
      message: 'backupTargetName is immutable; create another BackupVolume instead',
      fieldPath: '.backupTargetName',
    },
  ],
} as const;

const status = {
  type: 'object',
  description: 'What volume-controller read from the store.',
  properties: {
    ownerID: part.ownerId,
    lastModificationTime: part.time('Modification time of volume.cfg in the store.'),
    size: part.bytes('Size of the volume at its last backup.'),
    labels: part.stringMap('Labels of the volume record in the store.'),
    createdAt: part.textTime('When the volume was created.'),
    lastBackupName: part.text('Name of the newest complete backup.'),
    lastBackupAt: part.textTime('When the newest complete backup was created.'),
    dataStored: part.bytes('Size of all blocks that the store holds for this volume.'),
    messages: part.messages,
    backingImageName: part.text('Name of the backing image of the volume.'),
    backingImageChecksum: part.text('SHA-512 of the backing image, in hex.'),
    storageClassName: part.text('StorageClass that the volume came from.'),
    lastSyncedAt: part.lastSyncedAt,
    conditions: part.conditions,
    ...part.observedSync,
  },
} as const;

/** Identity of a BackupVolume: target and volume name. */
export type BackupVolumeSpec = part.TypeOf<typeof spec>;

/** What the store says of the volume. Sets condition `Ready`. */
export type BackupVolumeStatus = part.TypeOf<typeof status>;

/** One volume in one store. */
export type BackupVolume = KubeObject<BackupVolumeSpec, BackupVolumeStatus>;

/** Definition of kind BackupVolume. */
export const backupVolume = {
  resource: longhornResource('BackupVolume', 'backupvolumes'),
  singular: 'backupvolume',
  shortName: 'lhbv',
  description: 'A BackupVolume mirrors one volume of one backup store.',
  columns: [
    { name: 'BackupTarget', type: 'string', jsonPath: '.spec.backupTargetName', description: 'The backup target' },
    { name: 'Volume', type: 'string', jsonPath: '.spec.volumeName', description: 'The source volume', priority: 1 },
    { name: 'CreatedAt', type: 'string', jsonPath: '.status.createdAt', description: 'Creation of the volume' },
    { name: 'LastBackupName', type: 'string', jsonPath: '.status.lastBackupName', description: 'The newest backup' },
    {
      name: 'LastBackupAt',
      type: 'string',
      jsonPath: '.status.lastBackupAt',
      description: 'Time of the newest backup',
    },
    readyColumn,
    { name: 'LastSyncedAt', type: 'string', jsonPath: '.status.lastSyncedAt', description: 'The last sync' },
  ],
  properties: { spec, status },
  required: [],
  rules: [],
} as const satisfies KindDefinition;
