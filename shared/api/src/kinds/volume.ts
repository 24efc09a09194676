/** Volume: what is backed up, or restored into. Longhorn has many fields that are not ours; all of them survive. */
import type { KubeObject } from '../resource.ts';
import { ageColumn, type KindDefinition, longhornResource, readyColumn } from './kind.ts';
import * as part from './schema-parts.ts';

const source = {
  type: 'object',
  maxProperties: 1,
  description: 'Where the data of the volume is: exactly one of the members.',
  properties: {
    persistentVolumeClaim: {
      type: 'object',
      required: ['namespace', 'name'],
      description: 'A PersistentVolumeClaim of any CSI driver.',
      properties: {
        namespace: { type: 'string', minLength: 1, maxLength: 63, description: 'Namespace of the claim.' },
        name: { type: 'string', minLength: 1, maxLength: 253, description: 'Name of the claim.' },
      },
    },
    file: {
      type: 'object',
      required: ['path'],
      description: 'A plain file (for development).',
      properties: {
        path: { type: 'string', minLength: 1, maxLength: 4096, description: 'Absolute path of the file.' },
      },
    },
    zfs: {
      type: 'object',
      required: ['pool', 'dataset'],
      description: 'A ZFS dataset or volume.',
      properties: {
        pool: { type: 'string', minLength: 1, maxLength: 255, description: 'Name of the pool.' },
        dataset: { type: 'string', minLength: 1, maxLength: 1024, description: 'Path of the dataset in its pool.' },
      },
    },
    longhorn: { type: 'object', description: 'A volume of Longhorn itself.', properties: {} },
  },
  'x-kubernetes-validations': [
    {
      rule: '(has(self.persistentVolumeClaim) ? 1 : 0) + (has(self.file) ? 1 : 0) + (has(self.zfs) ? 1 : 0) + (has(self.longhorn) ? 1 : 0) == 1',
      message: 'exactly one of persistentVolumeClaim, file, zfs, longhorn must be set',
    },
  ],
} as const;

const spec = {
  type: 'object',
  default: {},
  description: 'What the user wants. Members that are not listed here are Longhorn’s and are kept as they are.',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    size: { type: 'string', pattern: '^[0-9]*$', maxLength: 20, description: 'Size in bytes, as a decimal string.' },
    fromBackup: part.url('URL of the backup to restore from, with ?backup= and volume=; empty: a new volume.'),
    restoreVolumeRecurringJob: {
      type: 'string',
      enum: ['ignored', 'enabled', 'disabled', ''],
      description:
        'Whether recorded recurring jobs are restored; ignored: as the setting restore-volume-recurring-jobs says.',
    },
    Standby: part.flag(
      'Whether this is a disaster recovery volume that follows its backup volume (capital S as in Longhorn).',
    ),
    backupCompressionMethod: {
      type: 'string',
      enum: ['none', 'lz4', 'gzip', ''],
      description: 'How blocks of its backups are compressed. Immutable once set.',
    },
    backupBlockSize: {
      type: 'string',
      enum: ['2097152', '16777216', '0', ''],
      description: 'Block size of its backups in bytes: 2097152 (2 MiB) or 16777216 (16 MiB). Immutable once set.',
    },
    backupTargetName: { ...part.nameOf('Name of the BackupTarget that its backups go to.'), nullable: true },
    backingImage: part.text('Name of the backing image.'),
    accessMode: { type: 'string', enum: ['rwo', 'rwop', 'rwx', ''], description: 'Access mode of the volume.' },
    encrypted: part.flag('Whether the volume is encrypted.'),
    dataEngine: { type: 'string', enum: ['v1', 'v2', ''], description: 'Data engine (Longhorn).' },
    nodeID: part.text('Node that the volume is attached to (Longhorn).'),
    migrationNodeID: part.text('Node that the volume migrates to (Longhorn).'),
    frontend: part.text('Frontend of the volume (Longhorn).'),
    source,
  },
  'x-kubernetes-validations': [
    {
      rule: "!has(oldSelf.backupCompressionMethod) || oldSelf.backupCompressionMethod == '' || (has(self.backupCompressionMethod) && self.backupCompressionMethod == oldSelf.backupCompressionMethod)",
      message: 'backupCompressionMethod is immutable once set',
      fieldPath: '.backupCompressionMethod',
    },
    {
      rule: "!has(oldSelf.backupBlockSize) || oldSelf.backupBlockSize in ['', '0'] || (has(self.backupBlockSize) && self.backupBlockSize == oldSelf.backupBlockSize)",
      message: 'backupBlockSize is immutable once set',
      fieldPath: '.backupBlockSize',
    },
  ],
} as const;

const kubernetesStatus = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  description: 'The PersistentVolume, claim and workloads of the volume.',
  properties: {
    pvName: part.text('Name of the PersistentVolume.'),
    pvStatus: part.text('Phase of the PersistentVolume.'),
    namespace: part.text('Namespace of the claim.'),
    pvcName: part.text('Name of the claim.'),
    lastPVCRefAt: part.textTime('When a claim last referred to the volume.'),
    lastPodRefAt: part.textTime('When a pod last used the volume.'),
    workloadsStatus: {
      type: 'array',
      nullable: true,
      maxItems: 1024,
      description: 'The pods that use the volume.',
      items: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: {
          podName: part.text('Name of the pod.'),
          podStatus: part.text('Phase of the pod.'),
          workloadName: part.text('Name of its workload.'),
          workloadType: part.text('Kind of its workload.'),
        },
      },
    },
  },
} as const;

const status = {
  type: 'object',
  description: 'What became of the volume. Members that are not listed here are Longhorn’s and are kept as they are.',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    state: part.text('State of the volume (Longhorn).'),
    robustness: part.text('Health of the replicas (Longhorn).'),
    lastBackup: part.text('Name of the newest backup.'),
    lastBackupAt: part.textTime('When the newest backup was created.'),
    restoreRequired: part.flag('Whether a restore is needed.'),
    restoreInitiated: part.flag('Whether a restore was begun.'),
    isStandby: part.flag('Whether the volume still follows its backup volume.'),
    lastRestoredBackup: part.text('Name of the backup that the volume holds.'),
    activationSyncRequestedAt: part.text(
      'The sync of the BackupVolume that an activation waits for; empty when none is under way.',
    ),
    restoreProgress: part.progress,
    restoreRun: part.text(
      'The restore that wrote to the data last: the backup that they were (empty: anything), `>`, the backup that they become; `=>` and the backup once it has ended.',
    ),
    restoreError: part.text('Why the last restore failed; empty when it did not.'),
    restoreWaiting: part.text('What the restore waits for in the store; empty when it does not wait.'),
    bytesTotal: part.bytes('Size of the data that has to be restored.'),
    bytesDone: part.bytes('Size of the data that is in place.'),
    actualSize: { type: 'integer', format: 'int64', description: 'Space that the data takes, in bytes.' },
    expansionRequired: part.flag('Whether the volume must grow (Longhorn).'),
    kubernetesStatus,
    conditions: part.conditions,
    ...part.observed,
  },
} as const;

/** Where the data of a Volume is: exactly one member. */
export type VolumeSource = part.TypeOf<typeof source>;

/** Wishes of a Volume, as far as they are ours. */
export type VolumeSpec = part.TypeOf<typeof spec>;

/** What became of a Volume, as far as it is ours. Sets conditions `Ready` and, for restores, `Restore`. */
export type VolumeStatus = part.TypeOf<typeof status>;

/** What is backed up, or restored into. */
export type Volume = KubeObject<VolumeSpec, VolumeStatus>;

/** Definition of kind Volume. Upstream's column Scheduled queries a condition type that does not exist; put right. */
export const volume = {
  resource: longhornResource('Volume', 'volumes'),
  singular: 'volume',
  shortName: 'lhv',
  description: 'A Volume is what is backed up, or restored into.',
  columns: [
    { name: 'Data Engine', type: 'string', jsonPath: '.spec.dataEngine', description: 'The data engine' },
    { name: 'State', type: 'string', jsonPath: '.status.state', description: 'The state of the volume' },
    { name: 'Robustness', type: 'string', jsonPath: '.status.robustness', description: 'The health of its replicas' },
    {
      name: 'Scheduled',
      type: 'string',
      jsonPath: ".status.conditions[?(@.type=='Scheduled')].status",
      description: 'Whether its replicas are scheduled',
    },
    { name: 'Size', type: 'string', jsonPath: '.spec.size', description: 'Size in bytes' },
    { name: 'Node', type: 'string', jsonPath: '.status.currentNodeID', description: 'The node it is attached to' },
    {
      name: 'Switchover',
      type: 'string',
      jsonPath: '.status.switchoverState',
      description: 'State of a switchover',
      priority: 1,
    },
    { name: 'BackupTarget', type: 'string', jsonPath: '.spec.backupTargetName', description: 'The backup target' },
    { ...readyColumn, priority: 1 },
    ageColumn,
  ],
  properties: { spec, status },
  required: [],
  rules: [],
} as const satisfies KindDefinition;
