/** What objects the chart describes, in Longhorn's names. */
import { settingDefinitions } from '@mooring/api';
import type { SettingDefinition } from '@mooring/api';
import { group } from '../value-schema.ts';
import type { ValueSchema } from '../value-schema.ts';

/** The BackupTarget `default`. */
export const defaultBackupStore = group(
  "The BackupTarget `default`, as Longhorn's chart describes it. An empty value leaves that field as it is in the cluster; what a user changed later in the object is not reverted",
  {
    backupTarget: {
      type: ['string', 'null'],
      description: 'URL of the store, for example s3://bucket@region/prefix',
      default: '',
    },
    backupTargetCredentialSecret: {
      type: ['string', 'null'],
      description: 'Name of the Secret with the credentials, in the object namespace',
      default: '',
    },
    pollInterval: {
      type: ['integer', 'string', 'null'],
      description: 'Seconds between two polls, as an integer; 0 = never, empty = 300',
      default: '',
      oneOf: [{ type: 'integer', minimum: 0 }, { type: 'string', pattern: '^[0-9]*$' }, { type: 'null' }],
    },
  },
);

/** `backup-compression-method` is `backupCompressionMethod` in the values, as in Longhorn's chart. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A setting as a value: given in its own type or as text; null = left as it is. */
function settingValue(definition: SettingDefinition): ValueSchema {
  const choice = definition.type === 'choice' ? `. One of ${definition.options.join(', ')}` : '';
  const description = `${definition.description.replace(/\.$/, '')}; empty = ${definition.default || 'none'}${choice}`;
  switch (definition.type) {
    case 'bool':
      return {
        type: ['boolean', 'string', 'null'],
        description,
        default: null,
        enum: [true, false, 'true', 'false', '', null],
      };
    case 'int': {
      const { minimum, maximum } = definition;
      const range = maximum === undefined ? { minimum } : { minimum, maximum };
      return { type: ['integer', 'string', 'null'], description, default: null, ...range, pattern: '^[0-9]*$' };
    }
    case 'choice':
      return { type: ['string', 'integer', 'null'], description, default: null, oneOf: choices(definition.options) };
    case 'text':
      return { type: ['string', 'null'], description, default: null };
  }
}

/** One of these texts; those that are numbers may be written as numbers. */
function choices(options: readonly string[]): object[] {
  const numbers = options.filter((option) => /^[0-9]+$/.test(option)).map(Number);
  return [
    { type: 'string', enum: [...options, ''] },
    ...(numbers.length === 0 ? [] : [{ type: 'integer', enum: numbers }]),
    { type: 'null' },
  ];
}

/** The Settings. */
export const defaultSettings = group(
  "Values of Settings, in the names of Longhorn's chart. A value that is not given leaves that Setting as it is in the cluster",
  Object.fromEntries(
    Object.entries(settingDefinitions).map(([name, definition]) => [camelCase(name), settingValue(definition)]),
  ),
);
