import { ApiRequestError, type ApiClient } from './api-client.ts';

/** A Kubernetes object as raw JSON. */
export interface KubeManifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

interface DiscoveredResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/** Finds the URL path of an object by asking the API server which resource a kind is. */
export interface ResourcePaths {
  /** `/apis/longhorn.io/v1beta2/namespaces/x/backups` and the object's name; throws when the server has no such kind. */
  collection(apiVersion: string, kind: string, namespace?: string): Promise<string>;
  /** The path of the object itself. `defaultNamespace` is for namespaced objects that name none. */
  object(manifest: KubeManifest, defaultNamespace?: string): Promise<string>;
}

/** Creates a look-up that asks once per group version, and again when a kind is missing (a CRD that came later). */
export function createResourcePaths(api: ApiClient): ResourcePaths {
  const known = new Map<string, readonly DiscoveredResource[]>();

  const root = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);

  const discover = async (apiVersion: string): Promise<readonly DiscoveredResource[]> => {
    try {
      const list = await api.request<{ resources: DiscoveredResource[] }>({ path: root(apiVersion) });
      const resources = list.resources.filter((resource) => !resource.name.includes('/'));
      known.set(apiVersion, resources);
      return resources;
    } catch (error) {
      if (error instanceof ApiRequestError && error.status === 404) return [];
      throw error;
    }
  };

  const find = async (apiVersion: string, kind: string): Promise<DiscoveredResource> => {
    const isIt = (resource: DiscoveredResource) => resource.kind === kind;
    const found = known.get(apiVersion)?.find(isIt) ?? (await discover(apiVersion)).find(isIt);
    if (found === undefined) {
      throw new Error(`failed to find resource '${kind}': the API server has no such kind in '${apiVersion}'`);
    }
    return found;
  };

  const collection = async (apiVersion: string, kind: string, namespace = 'default') => {
    const resource = await find(apiVersion, kind);
    const scope = resource.namespaced ? `/namespaces/${namespace}` : '';
    return `${root(apiVersion)}${scope}/${resource.name}`;
  };

  return {
    collection,
    object: async (manifest, defaultNamespace) => {
      const namespace = manifest.metadata.namespace ?? defaultNamespace;
      return `${await collection(manifest.apiVersion, manifest.kind, namespace)}/${manifest.metadata.name}`;
    },
  };
}
