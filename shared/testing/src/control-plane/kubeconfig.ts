/** How a kubeconfig's only user proves who it is. */
export type KubeconfigUser =
  | { certificate: string; key: string }
  /** The file is read again by clients, so that a renewed token is picked up. */
  | { tokenFile: string };

/** What a kubeconfig with one cluster, one user and one context says. */
export interface KubeconfigInput {
  /** `https://127.0.0.1:6443`. */
  server: string;
  /** PEM. */
  caCertificate: string;
  user: KubeconfigUser;
  /** The context's namespace; default: `default`. */
  namespace?: string;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The text of a kubeconfig file (JSON, which is YAML too), with everything but a token file inlined. */
export function renderKubeconfig(input: KubeconfigInput): string {
  const user =
    'tokenFile' in input.user
      ? { tokenFile: input.user.tokenFile }
      : {
          'client-certificate-data': base64(input.user.certificate),
          'client-key-data': base64(input.user.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'mooring',
        cluster: { server: input.server, 'certificate-authority-data': base64(input.caCertificate) },
      },
    ],
    users: [{ name: 'mooring', user }],
    contexts: [
      { name: 'mooring', context: { cluster: 'mooring', user: 'mooring', namespace: input.namespace ?? 'default' } },
    ],
    'current-context': 'mooring',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
