/**
 * The target `default` from ConfigMap `longhorn-default-resource`. Pure; tables in default-target.test.ts.
 * Only what changed in the ConfigMap since it was last applied is written, so what a user changed later is not reverted.
 */
import { ANNOTATION_APPLIED_CONFIG, formatDuration } from '@mooring/api';
import type { BackupTarget, BackupTargetSpec } from '@mooring/api';

/** Name of the ConfigMap, Longhorn's. */
export const DEFAULT_RESOURCE_CONFIG_MAP = 'longhorn-default-resource';

/** Its key: a YAML map with the settings below, all optional. */
export const DEFAULT_RESOURCE_KEY = 'default-resource.yaml';

/** The settings that the ConfigMap holds, as text; a missing key is not there. */
export type DefaultSettings = Readonly<Partial<Record<SettingKey, string>>>;

const settingKeys = ['backup-target', 'backup-target-credential-secret', 'backupstore-poll-interval'] as const;
type SettingKey = (typeof settingKeys)[number];

/** What to do about `default`. `applied` is the annotation's new value. */
export type DefaultTargetChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'create' | 'patch'; readonly spec: BackupTargetSpec; readonly applied: string };

/** The known settings of a parsed YAML document, as text. Anything but a map has none; `null` counts as absent, numbers become text. */
export function readSettings(document: unknown): DefaultSettings {
  if (typeof document !== 'object' || document === null) return {};
  const found: Partial<Record<SettingKey, string>> = {};
  for (const key of settingKeys) {
    const value: unknown = (document as Record<string, unknown>)[key];
    if (typeof value === 'string' || typeof value === 'number') found[key] = String(value).trim();
  }
  return found;
}

/**
 * Decides from the ConfigMap's settings and the object as it stands. A `default` that someone else made (no annotation) gets only what it
 * lacks. A poll interval that is no whole number of seconds is left out: `invalidSettings` names it.
 */
export function decideDefaultTarget(settings: DefaultSettings, target: BackupTarget | undefined): DefaultTargetChange {
  const applied = JSON.stringify(settings, [...settingKeys]);
  if (target === undefined) return { kind: 'create', spec: { backupTargetURL: '', ...specOf(settings) }, applied };
  if (target.metadata.deletionTimestamp) return { kind: 'none' };
  const annotation = target.metadata.annotations?.[ANNOTATION_APPLIED_CONFIG];
  if (annotation === applied) return { kind: 'none' };
  const changed = annotation === undefined ? settingsLackedBy(target, settings) : changedSince(annotation, settings);
  return { kind: 'patch', spec: specOf(changed), applied };
}

/** The settings whose value cannot be used, each with the cure. */
export function invalidSettings(settings: DefaultSettings): string[] {
  const interval = settings['backupstore-poll-interval'];
  if (interval === undefined || pollInterval(interval) !== undefined) return [];
  return [
    `backupstore-poll-interval '${interval}' is no whole number of seconds; set it to 0 or more, for example 300`,
  ];
}

function settingsLackedBy({ spec }: BackupTarget, settings: DefaultSettings): DefaultSettings {
  const present: Record<SettingKey, boolean> = {
    'backup-target': Boolean(spec.backupTargetURL),
    // Credentials belong to a URL: the ConfigMap's are not put beside a URL of the user's.
    'backup-target-credential-secret': Boolean(spec.credentialSecret) || Boolean(spec.backupTargetURL),
    'backupstore-poll-interval': Boolean(spec.pollInterval),
  };
  return pick(settings, (key) => !present[key]);
}

function changedSince(annotation: string, settings: DefaultSettings): DefaultSettings {
  const before = readSettings(parseJson(annotation));
  return pick(settings, (key) => settings[key] !== before[key]);
}

function pick(settings: DefaultSettings, isWanted: (key: SettingKey) => boolean): DefaultSettings {
  return Object.fromEntries(
    settingKeys.filter((key) => settings[key] !== undefined && isWanted(key)).map((key) => [key, settings[key]]),
  );
}

function specOf(settings: DefaultSettings): BackupTargetSpec {
  const interval = pollInterval(settings['backupstore-poll-interval']);
  return {
    ...(settings['backup-target'] === undefined ? {} : { backupTargetURL: settings['backup-target'] }),
    ...(settings['backup-target-credential-secret'] === undefined
      ? {}
      : { credentialSecret: settings['backup-target-credential-secret'] }),
    ...(interval === undefined ? {} : { pollInterval: interval }),
  };
}

function pollInterval(seconds: string | undefined): string | undefined {
  return seconds !== undefined && /^[0-9]{1,9}$/.test(seconds) ? formatDuration(Number(seconds) * 1000) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Someone edited the annotation: as if nothing had been applied yet, every key counts as changed.
    return undefined;
  }
}
