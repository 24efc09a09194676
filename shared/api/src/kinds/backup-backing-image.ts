/** BackupBackingImage: the backup of one backing image in one store. */
import type { KubeObject } from '../resource.ts';
import { type KindDefinition, longhornResource, readyColumn } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  description: 'Which backing image of which store this is.',
  required: ['backingImage', 'userCreated'],
  properties: {
    backingImage: part.nameOf('Name of the backing image. Immutable.'),
    userCreated: part.flag('Whether a user asked for this backup; false when it was pulled from the store.'),
    backupTargetName: part.backupTargetName,
    labels: part.stringMap('Labels that are stored with the backup.'),
    syncRequestedAt: part.syncRequestedAt,
  },
  'x-kubernetes-validations': [
    {
      rule: "oldSelf.backingImage == '' || self.backingImage == oldSelf.backingImage",
      message: 'backingImage is immutable; create another BackupBackingImage instead',
      fieldPath: '.backingImage',
    },
    {
      rule: "!has(oldSelf.backupTargetName) || oldSelf.backupTargetName == '' || (has(self.backupTargetName) && self.backupTargetName == oldSelf.backupTargetName)",
      message: 'backupTargetName is immutable; create another BackupBackingImage instead',
      fieldPath: '.backupTargetName',
    },
  ],
} as const;

const status = {
  type: 'object',
  description: 'What the store says of the backing image.',
  properties: {
    backingImage: part.text('Name of the backing image.'),
    ownerID: part.ownerId,
    checksum: part.text('SHA-512 of the backing image, in hex.'),
    url: part.url('URL of the backing image in the store.'),
    size: { type: 'integer', format: 'int64', description: 'Size of the backing image in bytes.' },
    labels: part.stringMap('Labels that are stored with the backup.'),
    state: part.backupState,
    progress: part.progress,
    error: part.text('Why the backup failed.'),
    messages: part.messages,
    managerAddress: part.text('Address of the backing image manager that ran the backup (Longhorn).'),
    backupCreatedAt: part.textTime('When the backup was completed.'),
    lastSyncedAt: part.lastSyncedAt,
    compressionMethod: part.text('How the blocks are compressed: none, lz4 or gzip.'),
    secret: part.text('Name of the Secret of an encrypted backing image.'),
    secretNamespace: part.text('Namespace of that Secret.'),
    conditions: part.conditions,
    ...part.observedSync,
  },
} as const;

/** Identity of a BackupBackingImage. */
export type BackupBackingImageSpec = part.TypeOf<typeof spec>;

/** What the store says of the backing image. Sets condition `Ready`. */
export type BackupBackingImageStatus = part.TypeOf<typeof status>;

/** The backup of one backing image in one store. */
export type BackupBackingImage = KubeObject<BackupBackingImageSpec, BackupBackingImageStatus>;

/** Definition of kind BackupBackingImage. */
export const backupBackingImage = {
  resource: longhornResource('BackupBackingImage', 'backupbackingimages'),
  singular: 'backupbackingimage',
  shortName: 'lhbbi',
  description: 'A BackupBackingImage is the backup of one backing image in one backup store.',
  columns: [
    { name: 'BackingImage', type: 'string', jsonPath: '.status.backingImage', description: 'The backing image' },
    { name: 'Size', type: 'string', jsonPath: '.status.size', description: 'Size in bytes' },
    { name: 'BackupCreatedAt', type: 'string', jsonPath: '.status.backupCreatedAt', description: 'Time of the backup' },
    { name: 'State', type: 'string', jsonPath: '.status.state', description: 'State of the backup' },
    readyColumn,
    { name: 'LastSyncedAt', type: 'string', jsonPath: '.status.lastSyncedAt', description: 'The last sync' },
  ],
  properties: { spec, status },
  required: ['spec'],
  rules: [],
} as const satisfies KindDefinition;
