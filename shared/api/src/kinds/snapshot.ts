/** Snapshot: a point in time of one volume. Longhorn's other fields survive. */
import type { KubeObject } from '../resource.ts';
import { ageColumn, type KindDefinition, longhornResource } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  required: ['volume'],
  description: 'Which volume is snapshotted. Members that are not listed here are Longhorn’s and are kept as they are.',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    volume: part.nameOf('Name of the Volume. Required and immutable.'),
    createSnapshot: part.flag('Whether the snapshot has to be taken; false: it exists already.'),
    labels: part.stringMap('Labels that are stored with the snapshot.'),
  },
  'x-kubernetes-validations': [
    {
      rule: "oldSelf.volume == '' || self.volume == oldSelf.volume",
      message: 'volume is immutable; create another Snapshot instead',
      fieldPath: '.volume',
    },
  ],
} as const;

const status = {
  type: 'object',
  description: 'What became of the snapshot. Members that are not listed here are Longhorn’s and are kept as they are.',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    parent: part.text('Name of the snapshot before this one.'),
    children: {
      type: 'object',
      nullable: true,
      maxProperties: 1024,
      additionalProperties: { type: 'boolean' },
      description: 'Names of the snapshots after this one.',
    },
    markRemoved: part.flag('Whether the snapshot is marked for removal.'),
    userCreated: part.flag('Whether a user asked for it.'),
    requestedTime: part.textTime('When it was asked for.'),
    creationTime: part.textTime('When it was taken.'),
    size: { type: 'integer', format: 'int64', description: 'Space that its data takes, in bytes.' },
    restoreSize: { type: 'integer', format: 'int64', description: 'Size of a volume restored from it, in bytes.' },
    labels: part.stringMap('Labels that are stored with the snapshot.'),
    ownerID: part.ownerId,
    error: part.text('Why it could not be taken.'),
    readyToUse: part.flag('Whether it can be backed up.'),
    checksum: part.text('Checksum of its data, in hex.'),
    checksumCalculatedAt: part.textTime('When the checksum was computed.'),
    conditions: part.conditions,
    ...part.observed,
  },
} as const;

/** Which volume is snapshotted. */
export type SnapshotSpec = part.TypeOf<typeof spec>;

/** What became of a snapshot. Sets condition `Ready`. */
export type SnapshotStatus = part.TypeOf<typeof status>;

/** A point in time of one volume. */
export type Snapshot = KubeObject<SnapshotSpec, SnapshotStatus>;

/** Definition of kind Snapshot. */
export const snapshot = {
  resource: longhornResource('Snapshot', 'snapshots'),
  singular: 'snapshot',
  shortName: 'lhsnap',
  description: 'A Snapshot is a point in time of one Volume.',
  columns: [
    { name: 'Volume', type: 'string', jsonPath: '.spec.volume', description: 'The volume' },
    { name: 'CreationTime', type: 'string', jsonPath: '.status.creationTime', description: 'When it was taken' },
    { name: 'ReadyToUse', type: 'boolean', jsonPath: '.status.readyToUse', description: 'Whether it can be backed up' },
    {
      name: 'RestoreSize',
      type: 'string',
      jsonPath: '.status.restoreSize',
      description: 'Size when restored, in bytes',
    },
    { name: 'Size', type: 'string', jsonPath: '.status.size', description: 'Size of its data in bytes' },
    ageColumn,
  ],
  properties: { spec, status },
  required: ['spec'],
  rules: [],
} as const satisfies KindDefinition;
