/** SystemBackup: the backup of Longhorn's own objects; always in the target `default`. */
import type { KubeObject } from '../resource.ts';
import { type KindDefinition, longhornResource, readyColumn } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  default: {},
  description: 'How the system backup is taken.',
  properties: {
    volumeBackupPolicy: {
      type: 'string',
      enum: ['if-not-present', 'always', 'disabled', ''],
      description: 'Whether volumes are backed up along: if-not-present (default), always or disabled.',
    },
  },
} as const;

const status = {
  type: 'object',
  description: 'What the store says of the system backup.',
  properties: {
    ownerID: part.ownerId,
    version: part.text('Version of the manager that took it.'),
    gitCommit: part.text('Commit of the manager that took it.'),
    managerImage: part.text('Image of the manager that took it.'),
    state: {
      type: 'string',
      enum: [
        '',
        'Deleting',
        'Error',
        'Generating',
        'Ready',
        'Syncing',
        'Uploading',
        'CreatingVolumeBackups',
        'CreatingBackingImageBackups',
      ],
      description: 'State of the system backup; empty while new.',
    },
    createdAt: part.time('When it was taken.'),
    lastSyncedAt: part.lastSyncedAt,
    conditions: part.conditions,
    ...part.observed,
  },
} as const;

/** Wishes of a SystemBackup. */
export type SystemBackupSpec = part.TypeOf<typeof spec>;

/** What the store says. Sets conditions `Ready` and, in Longhorn, `Error`. */
export type SystemBackupStatus = part.TypeOf<typeof status>;

/** One system backup in the target `default`. */
export type SystemBackup = KubeObject<SystemBackupSpec, SystemBackupStatus>;

/** Definition of kind SystemBackup. */
export const systemBackup = {
  resource: longhornResource('SystemBackup', 'systembackups'),
  singular: 'systembackup',
  shortName: 'lhsb',
  description: 'A SystemBackup is a backup of the objects of Longhorn in the target default.',
  columns: [
    { name: 'Version', type: 'string', jsonPath: '.status.version', description: 'Version that took it' },
    { name: 'State', type: 'string', jsonPath: '.status.state', description: 'State of the system backup' },
    { name: 'Created', type: 'string', jsonPath: '.status.createdAt', description: 'When it was taken' },
    readyColumn,
    { name: 'LastSyncedAt', type: 'string', jsonPath: '.status.lastSyncedAt', description: 'The last sync' },
  ],
  properties: { spec, status },
  required: [],
  rules: [],
} as const satisfies KindDefinition;
