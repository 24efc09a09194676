/** RecurringJob: what is done to volumes on a schedule. */
import { DURATION_PATTERN } from '../duration.ts';
import type { KubeObject } from '../resource.ts';
import { ageColumn, type KindDefinition, longhornResource } from './kind.ts';
import * as part from './schema-parts.ts';

const spec = {
  type: 'object',
  default: {},
  description: 'What is done, when, and what is kept.',
  properties: {
    name: part.nameOf('Name of the job; the same as metadata.name.'),
    groups: {
      type: 'array',
      nullable: true,
      maxItems: 256,
      description: 'Groups of volumes that the job runs on; default: all volumes without job or group labels.',
      items: { type: 'string', maxLength: 253 },
    },
    task: {
      type: 'string',
      enum: [
        'snapshot',
        'snapshot-force-create',
        'snapshot-cleanup',
        'snapshot-delete',
        'backup',
        'backup-force-create',
        'filesystem-trim',
        'system-backup',
      ],
      description: 'What is done.',
    },
    cron: { type: 'string', maxLength: 256, description: 'When, as five cron fields (UTC) or @every 1h, @daily, ….' },
    retain: {
      type: 'integer',
      description: 'How many snapshots or backups are kept. A count, 1 to recurring-job-max-retention.',
    },
    retainAge: {
      type: 'string',
      pattern: DURATION_PATTERN,
      maxLength: 64,
      default: '0s',
      description: 'How long they are kept (age-based), as a Go duration with units, e.g. 168h.',
    },
    retentionPolicy: {
      type: 'string',
      enum: ['count-based', 'age-based'],
      default: 'count-based',
      description: 'Whether retain (count-based) or retainAge (age-based) decides.',
    },
    concurrency: { type: 'integer', description: 'On how many volumes at once. A count; 0 means 10.' },
    labels: part.stringMap('Labels that are stored with the snapshots and backups.'),
    parameters: part.stringMap('Known keys: full-backup-interval (every n-th backup is full), volume-backup-policy.'),
  },
} as const;

const status = {
  type: 'object',
  description: 'What became of the job.',
  properties: {
    ownerID: part.ownerId,
    executionCount: { type: 'integer', description: 'How often the job ran. A count.' },
    conditions: part.conditions,
    ...part.observed,
  },
} as const;

/** What is done, when, and what is kept. */
export type RecurringJobSpec = part.TypeOf<typeof spec>;

/** What became of a job. Sets condition `Ready`. */
export type RecurringJobStatus = part.TypeOf<typeof status>;

/** What is done to volumes on a schedule. */
export type RecurringJob = KubeObject<RecurringJobSpec, RecurringJobStatus>;

/** Definition of kind RecurringJob. */
export const recurringJob = {
  resource: longhornResource('RecurringJob', 'recurringjobs'),
  singular: 'recurringjob',
  shortName: 'lhrj',
  description: 'A RecurringJob is something done to volumes on a schedule.',
  columns: [
    { name: 'Groups', type: 'string', jsonPath: '.spec.groups', description: 'Groups it runs on' },
    { name: 'Task', type: 'string', jsonPath: '.spec.task', description: 'What is done' },
    { name: 'Cron', type: 'string', jsonPath: '.spec.cron', description: 'When it is done' },
    {
      name: 'RetentionPolicy',
      type: 'string',
      jsonPath: '.spec.retentionPolicy',
      description: 'What decides retention',
    },
    { name: 'RetainCount', type: 'integer', jsonPath: '.spec.retain', description: 'How many are kept' },
    { name: 'RetainAge', type: 'string', jsonPath: '.spec.retainAge', description: 'How long they are kept' },
    { name: 'Concurrency', type: 'integer', jsonPath: '.spec.concurrency', description: 'On how many volumes at once' },
    ageColumn,
    { name: 'Labels', type: 'string', jsonPath: '.spec.labels', description: 'Labels that are stored along' },
  ],
  properties: { spec, status },
  required: [],
  rules: [],
} as const satisfies KindDefinition;
