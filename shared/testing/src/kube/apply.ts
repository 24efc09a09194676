import { parseAllDocuments } from 'yaml';
import { eventually } from '../eventually.ts';
import type { ApiClient } from './api-client.ts';
import { createResourcePaths, type KubeManifest } from './resources.ts';

/** Where and as whom objects are applied. */
export interface ApplyOptions {
  /** For namespaced objects that name none; default: `default`. */
  namespace?: string;
  /** Default: `mooring-start`. */
  fieldManager?: string;
  /** True: the API server checks everything and stores nothing (`kubectl apply --server-side --dry-run=server`). */
  isDryRun?: boolean;
}

/**
 * What must be there before what: namespaces and CRDs first, then what is plain data, roles before their bindings.
 * Webhook configurations last: from then on the API server calls them.
 */
const PHASES: readonly (readonly string[])[] = [
  ['Namespace', 'CustomResourceDefinition'],
  ['ServiceAccount', 'ConfigMap', 'Secret', 'Role', 'ClusterRole'],
  ['RoleBinding', 'ClusterRoleBinding'],
  [],
  ['ValidatingAdmissionPolicy', 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  ['ValidatingAdmissionPolicyBinding'],
];

/** The phase of kinds that are in no list: ours, mostly. */
const OTHER_PHASE = 3;

/** The objects of a YAML text with any number of documents; empty ones are left out. Throws YAML's error on bad text. */
export function parseManifests(yamlText: string): KubeManifest[] {
  return parseAllDocuments(yamlText).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const value = document.toJS() as KubeManifest | null;
    return value === null ? [] : [value];
  });
}

function phaseOf(manifest: KubeManifest): number {
  const phase = PHASES.findIndex((kinds) => kinds.includes(manifest.kind));
  return phase === -1 ? OTHER_PHASE : phase;
}

/** Resolves when the API server serves these CRDs' resources. */
async function waitUntilEstablished(api: ApiClient, names: readonly string[]): Promise<void> {
  const isEstablished = async (name: string) => {
    const crd = await api.request<{ status?: { conditions?: { type: string; status: string }[] } }>({
      path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    });
    return crd.status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') ?? false;
  };
  await Promise.all(
    names.map((name) => eventually(() => isEstablished(name), { timeoutMs: 30_000, what: `CRD ${name} established` })),
  );
}

/**
 * Applies objects by server-side apply (forced), in an order in which each finds what it needs; CRDs are waited for.
 * Returns them as the API server has them now, in the input's order. Idempotent.
 */
export async function applyObjects(
  api: ApiClient,
  manifests: readonly KubeManifest[],
  options: ApplyOptions = {},
): Promise<KubeManifest[]> {
  const paths = createResourcePaths(api);
  const query =
    `?fieldManager=${options.fieldManager ?? 'mooring-start'}&force=true&fieldValidation=Strict` +
    (options.isDryRun ? '&dryRun=All' : '');
  const applied = new Map<KubeManifest, KubeManifest>();
  const applyOne = async (manifest: KubeManifest) => {
    const path = (await paths.object(manifest, options.namespace)) + query;
    const contentType = 'application/apply-patch+yaml';
    applied.set(manifest, await api.request<KubeManifest>({ method: 'PATCH', path, contentType, body: manifest }));
  };
  for (const phase of PHASES.keys()) {
    const now = manifests.filter((manifest) => phaseOf(manifest) === phase);
    await Promise.all(now.map(applyOne));
    const crds = now.filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ metadata }) => metadata.name);
    if (!options.isDryRun) await waitUntilEstablished(api, crds);
  }
  return manifests.flatMap((manifest) => applied.get(manifest) ?? []);
}

/** `kubectl apply --server-side -f -` without kubectl: see `applyObjects`. */
export function applyManifest(api: ApiClient, yamlText: string, options: ApplyOptions = {}): Promise<KubeManifest[]> {
  return applyObjects(api, parseManifests(yamlText), options);
}
