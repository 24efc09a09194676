/** Creates and updates the target `default` from ConfigMap `longhorn-default-resource`. */
import { ANNOTATION_APPLIED_CONFIG, API_VERSION, DEFAULT_TARGET, FINALIZER, resources } from '@mooring/api';
import type { BackupTarget, ObjectMeta } from '@mooring/api';
import { coreResources, isAlreadyExists, type KubeClient } from '@mooring/runtime';
import {
  decideDefaultTarget,
  DEFAULT_RESOURCE_CONFIG_MAP,
  DEFAULT_RESOURCE_KEY,
  invalidSettings,
  readSettings,
} from '../default-target.ts';
import type { DefaultTargetChange } from '../default-target.ts';
import type { Parts } from '../parts.ts';
import { readDefaults, warnOfDefaults } from './read-defaults.ts';

/**
 * One pass; false when it has to be repeated, because the kind is being deleted: an object created meanwhile would hold that up for a minute.
 * Repeatable: what was applied is remembered on the object in the same write. Throws ApiError and ConnectionError; a ConfigMap that cannot be
 * read as YAML changes nothing and says so in an event.
 */
export async function applyDefaultTarget(parts: Parts): Promise<boolean> {
  const { caches, client, namespace } = parts;
  const configMap = caches.configMaps.get(namespace, DEFAULT_RESOURCE_CONFIG_MAP);
  const read = await readDefaults(parts, configMap, DEFAULT_RESOURCE_KEY);
  if (read === undefined) return true;
  const settings = readSettings(read.document);
  const problems = invalidSettings(settings);
  if (problems.length > 0 && configMap !== undefined) warnOfDefaults(parts, configMap, problems.join('; '));
  const change = decideDefaultTarget(
    settings,
    await client.find<BackupTarget>(resources.backupTargets, { namespace, name: DEFAULT_TARGET }),
  );
  if (change.kind === 'create') {
    if (await isKindGoing(client)) return false;
    await create(parts, change);
  } else if (change.kind === 'patch') await patch(parts, change);
  return true;
}

async function isKindGoing(client: KubeClient): Promise<boolean> {
  const { plural, group } = resources.backupTargets;
  const ref = { name: `${plural}.${group}` };
  const definition = await client.find<{ metadata: ObjectMeta }>(coreResources.customResourceDefinitions, ref);
  return Boolean(definition?.metadata.deletionTimestamp);
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
