/** BackupTarget: one backup store. */
import { DURATION_PATTERN } from '../duration.ts';
import type { KubeObject } from '../resource.ts';
import { type KindDefinition, longhornResource, readyColumn } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  default: {},
  description: 'What the user wants.',
  properties: {
    backupTargetURL: part.url(
      'Where the store is: s3://bucket@region/path/, azblob://container@core.windows.net/path/, nfs://server:/export, cifs://server/share. Empty: no store.',
    ),
    credentialSecret: part.nameOf('Name of the Secret with the credentials, in the same namespace. Empty: none.'),
    pollInterval: {
      type: 'string',
      pattern: DURATION_PATTERN,
      maxLength: 64,
      default: '5m0s',
      description: 'How often the store is looked at, as a Go duration with units (e.g. 5m0s, 4m30s, 1h); 0s: never.',
    },
    syncRequestedAt: part.syncRequestedAt,
  },
} as const;

const status = {
  type: 'object',
  description: 'What target-controller found.',
  properties: {
    ownerID: part.ownerId,
    available: part.flag('Whether the store answered at the last probe.'),
    conditions: part.conditions,
    lastSyncedAt: part.lastSyncedAt,
    ...part.observedSync,
    storeID: part.text('Identity of the store, from its marker backupstore/mooring.json; empty without one.'),
    urlSince: part.time(
      'Since when the URL is what it is; of two targets with one store, the later one is not synced.',
    ),
    observedInputs: part.text('Hash of the URL, the name of the Secret and its resourceVersion at the last probe.'),
  },
} as const;

/** Wishes of a BackupTarget. */
export type BackupTargetSpec = part.TypeOf<typeof spec>;

/** Findings about a BackupTarget. Sets conditions `Ready`, `Unavailable` and, where it holds, `StoreMarkerUnwritable`. */
export type BackupTargetStatus = part.TypeOf<typeof status>;

/** One backup store; its name is at most 63 characters. */
export type BackupTarget = KubeObject<BackupTargetSpec, BackupTargetStatus>;

/** Definition of kind BackupTarget. Upstream labels its poll interval column "LastBackupAt"; put right here. */
export const backupTarget = {
  resource: longhornResource('BackupTarget', 'backuptargets'),
  singular: 'backuptarget',
  shortName: 'lhbt',
  description: 'A BackupTarget is one backup store that is watched and mirrored into BackupVolume and Backup objects.',
  columns: [
    { name: 'URL', type: 'string', jsonPath: '.spec.backupTargetURL', description: 'The backup target URL' },
    { name: 'Credential', type: 'string', jsonPath: '.spec.credentialSecret', description: 'The credential Secret' },
    { name: 'PollInterval', type: 'string', jsonPath: '.spec.pollInterval', description: 'How often it is looked at' },
    { name: 'Available', type: 'boolean', jsonPath: '.status.available', description: 'Whether the store answers' },
    readyColumn,
    { name: 'LastSyncedAt', type: 'string', jsonPath: '.status.lastSyncedAt', description: 'The last sync' },
  ],
  properties: { spec, status },
  required: [],
  rules: [
    {
      rule: 'size(self.metadata.name) <= 63',
      message:
        'the name of a backup target must have at most 63 characters, because it becomes a label value; choose a shorter name',
    },
  ],
} as const satisfies KindDefinition;
