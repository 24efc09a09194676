import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The parts of a kubeconfig's cluster that are used. */
export interface KubeconfigCluster {
  readonly server: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'certificate-authority'?: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
}

/** The parts of a kubeconfig's user that are used. */
export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-key-data'?: string;
  readonly 'client-key'?: string;
  readonly exec?: unknown;
  readonly 'auth-provider'?: unknown;
}

interface Named<Key extends string, Value> {
  readonly entries?: readonly ({ readonly name: string } & Readonly<Record<Key, Value>>)[];
}

/** A kubeconfig file as it is written. */
export interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly clusters?: Named<'cluster', KubeconfigCluster>['entries'];
  readonly users?: Named<'user', KubeconfigUser>['entries'];
  readonly contexts?: Named<'context', { cluster: string; user?: string; namespace?: string }>['entries'];
}

async function parseLazily(text: string): Promise<unknown> {
  const { parseYaml } = await import('./parse-yaml.ts');
  return parseYaml(text);
}

/** Reads and parses a kubeconfig: JSON by itself, YAML by the `yaml` package, loaded when needed. Throws an Error that names the file, never its content. */
export async function parseKubeconfig(path: string): Promise<Kubeconfig> {
  try {
    const text = await readFile(path, 'utf8');
    const parsed: unknown = text.trimStart().startsWith('{') ? JSON.parse(text) : await parseLazily(text);
    if (typeof parsed !== 'object' || parsed === null) throw new TypeError('it is not a mapping');
    return parsed;
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'it is no kubeconfig';
    throw new Error(`failed to read kubeconfig '${path}': ${why}; set KUBECONFIG to a readable file`, { cause });
  }
}

/** The cluster, user and namespace of the current context. Throws an Error that names what is missing. */
export function currentEntries(
  config: Kubeconfig,
  path: string,
): { cluster: KubeconfigCluster; user: KubeconfigUser; namespace: string | undefined } {
  const missing = (what: string): Error =>
    new Error(`failed to read kubeconfig '${path}': ${what} is missing; check 'kubectl config view'`);
  const name = config['current-context'] ?? '';
  const context = config.contexts?.find((entry) => entry.name === name)?.context;
  if (context === undefined) throw missing(`the current context '${name}'`);
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster === undefined) throw missing(`the cluster '${context.cluster}'`);
  const user = config.users?.find((entry) => entry.name === context.user)?.user ?? {};
  return { cluster, user, namespace: context.namespace };
}

/** Bytes given as base64 or in a file (relative to the kubeconfig's folder); undefined when neither is given. */
export async function readDataOrFile(
  data: string | undefined,
  file: string | undefined,
  dir: string,
): Promise<Buffer | undefined> {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64');
  return file === undefined || file === '' ? undefined : readFile(resolve(dir, file));
}
