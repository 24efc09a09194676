import { type CrdFacts, type ObjectMeta } from '@mooring/api';
import { coreResources, type KubeClient } from '@mooring/runtime';
import { appsResources } from '../cluster.ts';
import { CRD_NAMES, type InstallFacts } from './decide-install.ts';

interface Found {
  readonly metadata: ObjectMeta;
}

/** Longhorn's manager, by the label of its manifests and by its name. */
const MANAGER_SELECTORS = [
  { labelSelector: 'app=longhorn-manager' },
  { fieldSelector: 'metadata.name=longhorn-manager' },
] as const;

/** Longhorn's manager writes these configurations itself, under these names. */
const WEBHOOKS = [
  [coreResources.mutatingWebhookConfigurations, 'longhorn-webhook-mutator'],
  [coreResources.validatingWebhookConfigurations, 'longhorn-webhook-validator'],
] as const;

/** Reads what an installation is decided on. Throws ApiError, ConnectionError. */
export async function gatherInstallFacts(kube: KubeClient): Promise<InstallFacts> {
  const [crds, managers, webhooks] = await Promise.all([
    Promise.all(CRD_NAMES.map(async (name) => [name, await readCrd(kube, name)] as const)),
    findManagers(kube),
    Promise.all(WEBHOOKS.map(([type, name]) => kube.find(type, { name }))),
  ]);
  return {
    crds: new Map(crds),
    managers,
    webhooks: WEBHOOKS.flatMap(([type, name], at) => (webhooks[at] === undefined ? [] : [`${type.kind} ${name}`])),
  };
}

/** One CustomResourceDefinition, undefined when it is absent. */
export async function readCrd(kube: KubeClient, name: string): Promise<CrdFacts | undefined> {
  return await kube.find<CrdFacts>(coreResources.customResourceDefinitions, { name });
}

/** Longhorn managers of a namespace (default: of the cluster), as `DaemonSet longhorn-system/longhorn-manager`. */
export async function findManagers(kube: KubeClient, namespace?: string): Promise<string[]> {
  const types = [appsResources.daemonSets, appsResources.deployments];
  const lists = types.flatMap((type) =>
    MANAGER_SELECTORS.map(async (selector) => {
      const { items } = await kube.list<Found>(type, { namespace, ...selector, metadataOnly: true });
      return items.map(({ metadata }) => `${type.kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    }),
  );
  return [...new Set((await Promise.all(lists)).flat())];
}
