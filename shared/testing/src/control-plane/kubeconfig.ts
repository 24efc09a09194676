/** How a kubeconfig's only user proves who it is. Clients read a token file again, so a renewed token is picked up. */
type KubeconfigUser =
  | { certificate: string; key: string; tokenFile?: never }
  | { tokenFile: string; certificate?: never }
  /** No proof at all: a proxy in front adds one. */
  | { tokenFile?: never; certificate?: never };

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

function renderUser(user: KubeconfigUser): Record<string, string> {
  if (user.tokenFile !== undefined) return { tokenFile: user.tokenFile };
  if (user.certificate === undefined) return {};
  return { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) };
}

/** The text of a kubeconfig file (JSON, which is YAML too), with everything but a token file inlined. */
export function renderKubeconfig(input: KubeconfigInput): string {
  const user = renderUser(input.user);
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
