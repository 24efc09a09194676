import { ApiRequestError, type ApiClient } from '../kube/api-client.ts';
import type { PodStatusPatch } from './pod-status.ts';
import type { Pod } from './pod.ts';

/** What a node writes of Pods. A Pod that is gone, replaced or was changed meanwhile is left alone: a later pass sees what is there now. */
export interface PodApi {
  writeStatus(pod: Pod, status: PodStatusPatch): Promise<void>;
  /** Takes the Pod for a node. */
  bind(pod: Pod, nodeName: string): Promise<void>;
  /** Lets a deleted Pod go. */
  remove(pod: Pod): Promise<void>;
}

/** Writes by the API server. */
export function podApi(api: ApiClient): PodApi {
  return {
    writeStatus: async (pod, status) => {
      const contentType = 'application/strategic-merge-patch+json';
      const body = { metadata: { uid: pod.metadata.uid }, status };
      await api.request({ method: 'PATCH', path: `${pathOf(pod)}/status`, contentType, body }).catch(ignoreOutdated);
    },
    bind: async (pod, nodeName) => {
      const { namespace, name, uid } = pod.metadata;
      const target = { apiVersion: 'v1', kind: 'Node', name: nodeName };
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: { namespace, name, uid }, target };
      await api.request({ method: 'POST', path: `${pathOf(pod)}/binding`, body }).catch(ignoreOutdated);
    },
    remove: async (pod) => {
      const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
      await api.request({ method: 'DELETE', path: pathOf(pod), body }).catch(ignoreOutdated);
    },
  };
}

function pathOf({ metadata }: Pod): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}

function ignoreOutdated(error: unknown): void {
  if (!(error instanceof ApiRequestError && (error.status === 404 || error.status === 409))) throw error;
}
