/**
 * Settings from ConfigMap `longhorn-default-resource`. Pure; tables in default-settings.test.ts.
 * Only a value that changed in the ConfigMap since it was last applied is written, so what a user changed later is not reverted.
 */
import { ANNOTATION_APPLIED_CONFIG, settingDefinition, settingProblem } from '@mooring/api';
import type { Setting } from '@mooring/api';

/** Key of the ConfigMap: a YAML map of values by the Setting's name, as in Longhorn's own ConfigMap of settings. */
export const DEFAULT_SETTING_KEY = 'default-setting.yaml';

/** What the ConfigMap says of settings. */
export interface WantedSettings {
  /** Values by name, valid ones only. */
  readonly values: ReadonlyMap<string, string>;
  /** What cannot be used, each with the cure. */
  readonly problems: readonly string[];
}

/** Reads a parsed YAML document; `null` and empty values count as absent, numbers and booleans become text. */
export function readWantedSettings(document: unknown): WantedSettings {
  const values = new Map<string, string>();
  const problems: string[] = [];
  const entries = typeof document === 'object' && document !== null ? Object.entries(document) : [];
  for (const [name, given] of entries as [string, unknown][]) {
    const value = textOf(given);
    const problem = problemOf(name, value);
    if (value === '') continue;
    if (problem === undefined) values.set(name, value);
    else problems.push(problem);
  }
  return { values, problems };
}

/** A list or map is no value: its JSON is then named as the problem. */
function textOf(given: unknown): string {
  if (given === null || given === undefined) return '';
  return typeof given === 'string' ? given.trim() : JSON.stringify(given);
}

function problemOf(name: string, value: string): string | undefined {
  const definition = settingDefinition(name);
  if (definition === undefined) return `'${name}' is no setting; take it out`;
  const problem = settingProblem(definition, value);
  return problem === undefined ? undefined : `setting '${name}' cannot be '${value}': ${problem}`;
}

/**
 * What to do about one Setting: `create` it, write its `value`, only `note` what was given (someone else set it first, who wins
 * until the ConfigMap changes), or nothing.
 */
export function decideSetting(given: string, live: Setting | undefined): 'create' | 'write' | 'note' | 'none' {
  if (live === undefined) return 'create';
  if (live.metadata.deletionTimestamp) return 'none';
  const applied = live.metadata.annotations?.[ANNOTATION_APPLIED_CONFIG];
  if (applied === given) return 'none';
  return applied === undefined ? 'note' : 'write';
}
