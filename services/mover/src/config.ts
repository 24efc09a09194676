import { moverTasks, moverVariables, type MoverTask } from '@mooring/api';
import { type ConfigOf, type ConfigSchema, loadServiceConfig, serviceConfigSchema } from '@mooring/config';

const TASKS = Object.keys(moverTasks) as MoverTask[];

/** A run's configuration: the settings of every service, and its orders (`moverVariables` of @mooring/api). */
export const runConfigSchema = {
  ...serviceConfigSchema,
  properties: {
    ...serviceConfigSchema.properties,
    task: {
      type: 'string',
      variable: moverVariables.task,
      description: 'what this run does',
      enum: TASKS,
    },
    object: {
      type: 'string',
      variable: moverVariables.object,
      description: 'the name of the object that this run is for',
      minLength: 1,
    },
    uid: {
      type: 'string',
      variable: moverVariables.uid,
      description: 'the UID of that object',
      minLength: 1,
    },
    workers: {
      type: 'integer',
      variable: moverVariables.workers,
      description: 'the blocks that are moved at once',
      minimum: 1,
      maximum: 256,
      default: 2,
    },
    target: {
      type: 'string',
      variable: moverVariables.target,
      description: 'for restores: the name of the BackupTarget',
      default: '',
    },
    volume: {
      type: 'string',
      variable: moverVariables.volume,
      description: 'for restores: the name of the volume in the store',
      default: '',
    },
    backup: {
      type: 'string',
      variable: moverVariables.backup,
      description: 'for restores: the name of the backup in the store',
      default: '',
    },
    mode: {
      type: 'string',
      variable: moverVariables.mode,
      description: 'for verifications: lists finds the blocks, full also reads them',
      enum: ['lists', 'full'],
      default: 'lists',
    },
    corrupt: {
      type: 'array',
      variable: moverVariables.corrupt,
      description: 'for backups: checksums of blocks that are known to be bad and are written again',
      items: { type: 'string' },
      default: [],
    },
    base: {
      type: 'string',
      variable: moverVariables.base,
      description: 'for restores: the name of the backup that the volume holds now',
      default: '',
    },
  },
  required: [...serviceConfigSchema.required, 'task', 'object', 'uid'],
} as const satisfies ConfigSchema;

/** What one run is told. */
export type RunConfig = ConfigOf<typeof runConfigSchema>;

/** Reads a run's configuration. Throws ConfigError. */
export function loadRunConfig(env: Readonly<Record<string, string | undefined>>): RunConfig {
  return loadServiceConfig({ env }, runConfigSchema);
}
