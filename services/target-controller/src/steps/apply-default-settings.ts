/** Creates and updates Settings from ConfigMap `longhorn-default-resource`. */
import { ANNOTATION_APPLIED_CONFIG, API_VERSION, resources } from '@mooring/api';
import type { Setting } from '@mooring/api';
import { isAlreadyExists } from '@mooring/runtime';
import { decideSetting, DEFAULT_SETTING_KEY, readWantedSettings } from '../default-settings.ts';
import { DEFAULT_RESOURCE_CONFIG_MAP } from '../default-target.ts';
import type { Parts } from '../parts.ts';
import { readDefaults, warnOfDefaults } from './read-defaults.ts';

/**
 * One pass. Repeatable: what was applied is remembered on each object in the same write. Throws ApiError and ConnectionError; what cannot
 * be used changes nothing and is said in an event.
 */
export async function applyDefaultSettings(parts: Parts): Promise<void> {
  const configMap = parts.caches.configMaps.get(parts.namespace, DEFAULT_RESOURCE_CONFIG_MAP);
  const read = await readDefaults(parts, configMap, DEFAULT_SETTING_KEY);
  if (configMap === undefined || read === undefined) return;
  const { values, problems } = readWantedSettings(read.document);
  if (problems.length > 0) warnOfDefaults(parts, configMap, problems.join('; '));
  for (const [name, value] of values) await applySetting(parts, name, value);
}

async function applySetting(parts: Parts, name: string, value: string): Promise<void> {
  const { client, namespace, log } = parts;
  const decision = decideSetting(value, await client.find<Setting>(resources.settings, { namespace, name }));
  if (decision === 'none') return;
  const annotations = { [ANNOTATION_APPLIED_CONFIG]: value };
  if (decision === 'create') {
    await createSetting(parts, {
      apiVersion: API_VERSION,
      kind: 'Setting',
      metadata: { name, namespace, annotations },
      value,
    });
    return;
  }
  const body = { metadata: { annotations }, ...(decision === 'write' ? { value } : {}) };
  await client.patch(resources.settings, { namespace, name }, body, { kind: 'merge' });
  if (decision === 'write') log.info({ setting: name }, 'a setting follows its ConfigMap');
}

async function createSetting({ client, log }: Parts, setting: Setting): Promise<void> {
  try {
    await client.create(resources.settings, setting);
    log.info({ setting: setting.metadata.name }, 'a setting is created from its ConfigMap');
  } catch (error) {
    // Someone was faster, and wins until the ConfigMap changes.
    if (!isAlreadyExists(error)) throw error;
  }
}
