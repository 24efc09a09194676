/** Creates and updates the target `default` from ConfigMap `longhorn-default-resource`. */
import { ANNOTATION_APPLIED_CONFIG, API_VERSION, DEFAULT_TARGET, FINALIZER, resources } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';
import { isAlreadyExists, isNotFound } from '@mooring/runtime';
import {
  decideDefaultTarget,
  DEFAULT_RESOURCE_CONFIG_MAP,
  DEFAULT_RESOURCE_KEY,
  invalidSettings,
  readSettings,
} from '../default-target.ts';
import type { DefaultSettings, DefaultTargetChange } from '../default-target.ts';
import type { ConfigMap, Parts } from '../parts.ts';

/**
 * One pass. Repeatable: what was applied is remembered on the object in the same write. Throws ApiError and ConnectionError; a ConfigMap
 * that cannot be read as YAML changes nothing and says so in an event.
 */
export async function applyDefaultTarget(parts: Parts): Promise<void> {
  const { caches, namespace } = parts;
  const configMap = caches.configMaps.get(namespace, DEFAULT_RESOURCE_CONFIG_MAP);
  const settings = await settingsOf(parts, configMap);
  if (settings === undefined) return;
  const problems = invalidSettings(settings);
  if (problems.length > 0 && configMap !== undefined) warn(parts, configMap, problems.join('; '));
  const change = decideDefaultTarget(settings, await readDefault(parts));
  if (change.kind === 'create') await create(parts, change);
  else if (change.kind === 'patch') await patch(parts, change);
}

async function settingsOf(parts: Parts, configMap: ConfigMap | undefined): Promise<DefaultSettings | undefined> {
  const text = configMap?.data?.[DEFAULT_RESOURCE_KEY];
  if (configMap === undefined || text === undefined) return {};
  // 13 MiB of memory that only this rare pass needs.
  const { parseYaml } = await import('../parse-yaml.ts');
  try {
    return readSettings(parseYaml(text));
  } catch {
    warn(parts, configMap, `key '${DEFAULT_RESOURCE_KEY}' is no valid YAML; correct it`);
    return undefined;
  }
}

async function readDefault({ client, namespace }: Parts): Promise<BackupTarget | undefined> {
  try {
    return await client.get<BackupTarget>(resources.backupTargets, { namespace, name: DEFAULT_TARGET });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

type Change = Exclude<DefaultTargetChange, { kind: 'none' }>;

async function create({ client, namespace, log }: Parts, { spec, applied }: Change): Promise<void> {
  const target: BackupTarget = {
    apiVersion: API_VERSION,
    kind: 'BackupTarget',
    metadata: {
      name: DEFAULT_TARGET,
      namespace,
      annotations: { [ANNOTATION_APPLIED_CONFIG]: applied },
      finalizers: [FINALIZER],
    },
    spec,
  };
  try {
    await client.create(resources.backupTargets, target);
    log.info({ target: DEFAULT_TARGET }, 'the default backup target is created');
  } catch (error) {
    // Someone was faster: the next event of the cache decides anew.
    if (!isAlreadyExists(error)) throw error;
  }
}

async function patch({ client, namespace, log }: Parts, { spec, applied }: Change): Promise<void> {
  const body = { metadata: { annotations: { [ANNOTATION_APPLIED_CONFIG]: applied } }, spec };
  await client.patch(resources.backupTargets, { namespace, name: DEFAULT_TARGET }, body, { kind: 'merge' });
  log.info({ target: DEFAULT_TARGET, settings: Object.keys(spec) }, 'the default backup target follows its ConfigMap');
}

function warn({ events, log }: Parts, configMap: ConfigMap, message: string): void {
  const subject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: configMap.metadata };
  events.record(subject, { type: 'Warning', reason: 'DefaultResourceInvalid', message });
  log.warn({ configMap: configMap.metadata.name }, message);
}
