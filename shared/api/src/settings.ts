/** The settings that are known: names, types, defaults and ranges (reference/longhorn-manager.md §3.11). */

interface SettingBase {
  /** What it decides, with the unit. */
  description: string;
  default: string;
}

/** A setting: a whole number in a range, a choice, or text. */
export type SettingDefinition =
  | (SettingBase & { type: 'int'; minimum: number; maximum?: number })
  | (SettingBase & { type: 'bool' })
  | (SettingBase & { type: 'choice'; options: readonly string[] })
  | (SettingBase & { type: 'text' });

/** Every setting by name. Values are texts, as in `Setting.value`. */
export const settingDefinitions = {
  'failed-backup-ttl': {
    type: 'int',
    minimum: 0,
    default: '1440',
    description: 'Minutes after which a failed backup object is deleted; 0: never.',
  },
  'backup-execution-timeout': {
    type: 'int',
    minimum: 1,
    default: '1',
    description: 'Minutes that one call to a backup store may take.',
  },
  'backup-verify-interval': {
    type: 'int',
    minimum: 0,
    default: '0',
    description: 'Hours after which the blocks of a completed backup are looked for in the store again; 0: never.',
  },
  'backup-compression-method': {
    type: 'choice',
    options: ['none', 'lz4', 'gzip'],
    default: 'lz4',
    description: 'How blocks of new volumes’ backups are compressed.',
  },
  'default-backup-block-size': {
    type: 'choice',
    options: ['2', '16'],
    default: '2',
    description: 'Block size of new volumes’ backups in MiB.',
  },
  'backup-concurrent-limit': {
    type: 'int',
    minimum: 1,
    default: '2',
    description: 'Blocks of one backup that are uploaded at once. A count.',
  },
  'restore-concurrent-limit': {
    type: 'int',
    minimum: 1,
    default: '2',
    description: 'Blocks of one restore that are downloaded at once. A count.',
  },
  'concurrent-volume-backup-restore-per-node-limit': {
    type: 'int',
    minimum: 0,
    default: '5',
    description: 'Restores at once on one node. A count; 0: restores are off.',
  },
  'restore-volume-recurring-jobs': {
    type: 'bool',
    default: 'false',
    description: 'Whether recorded recurring jobs are restored with a volume.',
  },
  'allow-recurring-job-while-volume-detached': {
    type: 'bool',
    default: 'false',
    description: 'Whether recurring jobs run on detached volumes.',
  },
  'recurring-successful-jobs-history-limit': {
    type: 'int',
    minimum: 0,
    default: '1',
    description: 'Successful runs of a recurring job that are kept. A count.',
  },
  'recurring-failed-jobs-history-limit': {
    type: 'int',
    minimum: 0,
    default: '1',
    description: 'Failed runs of a recurring job that are kept. A count.',
  },
  'recurring-job-max-retention': {
    type: 'int',
    minimum: 1,
    maximum: 250,
    default: '100',
    description: 'Most snapshots or backups that a recurring job may keep. A count, 1 to 250.',
  },
  'auto-cleanup-recurring-job-backup-snapshot': {
    type: 'bool',
    default: 'true',
    description: 'Whether the snapshot of a recurring job is deleted after its backup.',
  },
  'auto-cleanup-when-delete-backup': {
    type: 'bool',
    default: 'false',
    description: 'Whether the snapshot of a backup is deleted with it.',
  },
  'auto-cleanup-snapshot-after-on-demand-backup-completed': {
    type: 'bool',
    default: 'false',
    description: 'Whether the snapshot of a backup by hand is deleted after it.',
  },
  'default-engine-image': { type: 'text', default: '', description: 'Engine image (Longhorn); kept, not used.' },
} as const satisfies Record<string, SettingDefinition>;

/** Name of a known setting. */
export type SettingName = keyof typeof settingDefinitions;

/**
 * Settings that Longhorn removed in 1.8 and that old manifests still hold: they are accepted with a warning, because
 * refusing them breaks upgrades (longhorn issue #11025). The value is where the wish belongs now.
 */
export const removedSettings: Readonly<Record<string, string>> = {
  'backup-target': 'spec.backupTargetURL of BackupTarget default',
  'backup-target-credential-secret': 'spec.credentialSecret of BackupTarget default',
  'backupstore-poll-interval': 'spec.pollInterval of BackupTarget default',
};

/** The definition of a setting, or undefined for an unknown name. */
export function settingDefinition(name: string): SettingDefinition | undefined {
  return Object.hasOwn(settingDefinitions, name) ? settingDefinitions[name as SettingName] : undefined;
}

/** What is wrong with `value` for this setting, or undefined: `it must be a whole number from 1 to 250`. */
export function settingProblem(definition: SettingDefinition, value: string): string | undefined {
  switch (definition.type) {
    case 'bool':
      return value === 'true' || value === 'false' ? undefined : 'it must be true or false';
    case 'choice':
      return definition.options.includes(value) ? undefined : `it must be one of ${definition.options.join(', ')}`;
    case 'int':
      return intProblem(definition, value);
    case 'text':
      return undefined;
  }
}

function intProblem(definition: { minimum: number; maximum?: number }, value: string): string | undefined {
  const { minimum, maximum = Number.MAX_SAFE_INTEGER } = definition;
  const isInRange = /^[0-9]{1,15}$/.test(value) && Number(value) >= minimum && Number(value) <= maximum;
  if (isInRange) return undefined;
  const range = definition.maximum === undefined ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  return `it must be a whole number ${range}`;
}

/**
 * The value in effect, as text: the object's, or the default when there is none, it is empty, or it is not valid (written while no webhook
 * looked, or by an older release).
 */
export function settingValue(name: SettingName, stored: string | null | undefined): string {
  const definition = settingDefinitions[name];
  return stored && settingProblem(definition, stored) === undefined ? stored : definition.default;
}

/** Where Settings are found by namespace and name: an informer's cache. */
export interface SettingSource {
  get(namespace: string | undefined, name: string): { readonly value?: string | null | undefined } | undefined;
}

/** The value in effect ({@link settingValue}) of the Setting `name` in the object namespace. */
export function settingOf(settings: SettingSource, namespace: string | undefined, name: SettingName): string {
  return settingValue(name, settings.get(namespace, name)?.value);
}
