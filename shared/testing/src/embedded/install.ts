import { MOORING_VERSION, planCrd } from '@mooring/api';
import { applyObjects } from '../kube/apply.ts';
import { ApiRequestError, type ApiClient } from '../kube/api-client.ts';
import { renderChart } from '../kube/chart.ts';
import { createResourcePaths, type KubeManifest } from '../kube/resources.ts';
import { ALLOWED_SCHEMES, RELEASE_NAMESPACE } from './services.ts';

/** What the chart is installed with. */
export interface InstallInput {
  /** Namespace of the objects. */
  namespace: string;
  mutatingPort: number;
  validatingPort: number;
  log?: (line: string) => void;
}

/** The chart's objects with the webhooks' URLs on loopback, and the release namespace (helm's --create-namespace). */
export async function prepareChart(input: InstallInput): Promise<KubeManifest[]> {
  const url = (port: number) => `https://127.0.0.1:${String(port)}`;
  const manifests = await renderChart({
    namespace: RELEASE_NAMESPACE,
    values: {
      // The services are processes of this machine.
      'workloads.enabled': false,
      objectNamespace: input.namespace,
      allowedSchemes: ALLOWED_SCHEMES,
      'webhooks.mutating.url': url(input.mutatingPort),
      'webhooks.validating.url': url(input.validatingPort),
    },
    ...(input.log === undefined ? {} : { log: input.log }),
  });
  return [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: RELEASE_NAMESPACE } }, ...manifests];
}

/** The user's settings for the default target: made once, and then the user's to edit. */
function isUsersOwn({ kind, metadata }: KubeManifest): boolean {
  return kind === 'ConfigMap' && metadata.name === 'longhorn-default-resource';
}

async function readLive(api: ApiClient, manifest: KubeManifest): Promise<KubeManifest | undefined> {
  const path = await createResourcePaths(api).object(manifest);
  return api.request<KubeManifest>({ path }).catch((error: unknown) => {
    if (error instanceof ApiRequestError && error.status === 404) return undefined;
    throw error;
  });
}

/** What is there and stays as it is: the user's settings, and a kind's definition by a newer checkout. */
async function isToStay(api: ApiClient, manifest: KubeManifest): Promise<boolean> {
  if (isUsersOwn(manifest)) return (await readLive(api, manifest)) !== undefined;
  if (manifest.kind !== 'CustomResourceDefinition') return false;
  return planCrd(await readLive(api, manifest), MOORING_VERSION) === 'keep';
}

/** Installs or upgrades the chart's objects by server-side apply; on a cluster, helm and the chart's hook do this. */
export async function installChart(api: ApiClient, manifests: readonly KubeManifest[]): Promise<void> {
  const wanted = await Promise.all(
    manifests.map(async (manifest) => ((await isToStay(api, manifest)) ? [] : [manifest])),
  );
  await applyObjects(api, wanted.flat());
}
