import type { ControlPlane } from '../control-plane/control-plane.ts';
import { provideCredentials, type Credentials } from '../embedded/credentials.ts';
import type { Pod } from './pod.ts';

/** Whose credentials, and where to. */
export interface PodCredentialsInput {
  readonly controlPlane: Pick<ControlPlane, 'api' | 'kubeconfigFor'>;
  readonly pod: Pod;
  /** Gets `token` and `kubeconfig`. */
  readonly folder: string;
  /** Told when a renewal failed. */
  readonly say: (line: string) => void;
}

/** Writes a kubeconfig with a token of the Pod's ServiceAccount that ends with the Pod, and renews the token until stopped. */
export function podCredentials({ controlPlane, pod, folder, say }: PodCredentialsInput): Promise<Credentials> {
  const { namespace, name, uid } = pod.metadata;
  const account = { namespace, name: pod.spec.serviceAccountName ?? 'default' };
  const tokenFor = async (_account: typeof account, expirationSeconds?: number) => {
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
    const { status } = await controlPlane.api.request<{ status: { token: string; expirationTimestamp: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account.name}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds, boundObjectRef },
      },
    });
    return { token: status.token, expiresAtMs: Date.parse(status.expirationTimestamp) };
  };
  return provideCredentials({ controlPlane: { ...controlPlane, tokenFor }, account, folder, namespace, say });
}
