import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fixedAuthorization, tokenFileAuthorization, type Authorization } from './authorization.ts';
import { systemClock, type Clock } from './clock.ts';
import { currentEntries, parseKubeconfig, readDataOrFile, type KubeconfigUser } from './kubeconfig.ts';

/** Where the API server is and who we are. */
export interface Connection {
  /** Base URL, e.g. `https://10.0.0.1:443`; a path is kept as prefix. */
  readonly server: string;
  /** PEM. Absent: Node's own list. */
  readonly ca?: string | Buffer | undefined;
  /** Client certificate and key, PEM. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name expected in the server's certificate, when it is not the URL's host. */
  readonly servername?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly authorization?: Authorization | undefined;
  /** The namespace of the context, or of the pod. */
  readonly namespace?: string | undefined;
}

/** Where the kubelet mounts a pod's service account. */
const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the API server as every Kubernetes program does: `KUBECONFIG`, else the pod's service account, else `~/.kube/config`.
 * Throws an Error that says what was looked for.
 */
export async function connectionFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
  clock: Clock = systemClock,
): Promise<Connection> {
  const kubeconfig = env['KUBECONFIG'];
  if (kubeconfig !== undefined && kubeconfig !== '') return connectionFromKubeconfig(kubeconfig, clock);
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (host !== undefined && host !== '')
    return inClusterConnection(host, env['KUBERNETES_SERVICE_PORT'] ?? '443', clock);
  return connectionFromKubeconfig(join(homedir(), '.kube', 'config'), clock);
}

async function inClusterConnection(host: string, port: string, clock: Clock): Promise<Connection> {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return {
    server: `https://${bracketed}:${port}`,
    ca: await readFile(join(SERVICE_ACCOUNT_DIR, 'ca.crt')),
    authorization: tokenFileAuthorization(join(SERVICE_ACCOUNT_DIR, 'token'), clock),
    namespace: (await readFile(join(SERVICE_ACCOUNT_DIR, 'namespace'), 'utf8')).trim(),
  };
}

/**
 * Reads a kubeconfig file. Tokens, token files, client certificates and basic auth are read here; a user with `exec` or
 * `auth-provider` loads @kubernetes/client-node, which costs 80 MiB of memory and one second (measured 2026-11-21), so only then.
 * Write the file as JSON, and the YAML parser (13 MiB) is not loaded either.
 */
export async function connectionFromKubeconfig(path: string, clock: Clock = systemClock): Promise<Connection> {
  const config = await parseKubeconfig(path);
  const { cluster, user, namespace } = currentEntries(config, path);
  const dir = dirname(path);
  const base = {
    server: cluster.server,
    ca: await readDataOrFile(cluster['certificate-authority-data'], cluster['certificate-authority'], dir),
    servername: cluster['tls-server-name'],
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
    namespace,
  };
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    const { pluginCredentials } = await import('./plugin-credentials.ts');
    return { ...base, ...(await pluginCredentials(path, clock)) };
  }
  return {
    ...base,
    cert: await readDataOrFile(user['client-certificate-data'], user['client-certificate'], dir),
    key: await readDataOrFile(user['client-key-data'], user['client-key'], dir),
    authorization: userAuthorization(user, dir, clock),
  };
}

function userAuthorization(user: KubeconfigUser, dir: string, clock: Clock): Authorization | undefined {
  if (user.tokenFile !== undefined) return tokenFileAuthorization(resolve(dir, user.tokenFile), clock);
  if (user.token !== undefined) return fixedAuthorization(`Bearer ${user.token}`);
  if (user.username === undefined) return undefined;
  return fixedAuthorization(`Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`);
}
