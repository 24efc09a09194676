import type { ResourceType } from '@mooring/api';
import { KubeClient } from '@mooring/runtime';
import type { World } from './context.ts';

/** Built-in kinds that the commands for administrators look at, besides those of @mooring/runtime. */
export const appsResources = {
  daemonSets: { group: 'apps', version: 'v1', plural: 'daemonsets', kind: 'DaemonSet', namespaced: true },
  deployments: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true },
} as const satisfies Record<string, ResourceType>;

/** Runs `work` with a client of the cluster that `KUBECONFIG`, the pod's account or `~/.kube/config` names, and closes it. */
export async function withCluster<T>({ environment }: World, work: (kube: KubeClient) => Promise<T>): Promise<T> {
  const file = environment['KUBECONFIG'] ?? '';
  const kube = file === '' ? await KubeClient.fromEnvironment() : await KubeClient.fromKubeconfig(file);
  try {
    return await work(kube);
  } finally {
    kube.close();
  }
}
