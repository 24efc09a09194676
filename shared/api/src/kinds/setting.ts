/** Setting: one named value. Longhorn keeps it at the top level, not in a spec. */
import type { ObjectMeta } from '../resource.ts';
import { ageColumn, type KindDefinition, longhornResource } from './kind.ts';
import * as part from './schema-parts.ts';

const value = {
  type: 'string',
  maxLength: 4096,
  description: 'The value as text; its unit depends on the setting (docs/objects.md lists them).',
} as const;

const status = {
  type: 'object',
  description: 'What became of the value.',
  properties: {
    applied: part.flag('Whether the value is in effect.'),
    conditions: part.conditions,
    ...part.observed,
  },
} as const;

/** What became of a setting. */
export type SettingStatus = part.TypeOf<typeof status>;

/** One named value; the names that are known are in `settings.ts`. */
export interface Setting {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  value: string;
  status?: SettingStatus;
}

/** Definition of kind Setting. */
export const setting = {
  resource: longhornResource('Setting', 'settings'),
  singular: 'setting',
  shortName: 'lhs',
  description: 'A Setting is one named value that holds for the whole installation.',
  columns: [
    { name: 'Value', type: 'string', jsonPath: '.value', description: 'The value' },
    { name: 'Applied', type: 'boolean', jsonPath: '.status.applied', description: 'Whether it is in effect' },
    ageColumn,
  ],
  properties: { value, status },
  required: ['value'],
  rules: [],
} as const satisfies KindDefinition;
