import { X509Certificate } from 'node:crypto';
import { coreResources, isAlreadyExists, isConflict, isNotFound } from '@mooring/runtime';
import type { KubeClient } from '@mooring/runtime';
import type { ObjectMeta } from '@mooring/api';
import { canSign, findBundleProblem, fromSecretData, toSecretData } from './bundle.ts';
import type { CertificateBundle } from './bundle.ts';
import type { issueCertificates } from './issue.ts';

/** Name of the Secret in the release namespace that both webhooks share. */
export const TLS_SECRET = 'mooring-webhook-tls';

/** A Kubernetes Secret as far as certificates need it. */
export interface Secret {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>> | null;
}

/** Rounds of read → create or replace. Each further one means that another replica was faster, so few are ever needed. */
const MAX_ROUNDS = 5;

/** What `ensureCertificates` needs. */
export interface EnsureCertificatesOptions {
  readonly client: KubeClient;
  /** Release namespace. */
  readonly namespace: string;
  /** Every name and address that the API server may call. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
}

/**
 * Returns the certificates in the Secret `mooring-webhook-tls`, after making them when there are none.
 *
 * Any number of processes may call this at once: the first `create` wins and the others read the winner's. A bundle of our
 * own that cannot serve (expired, broken, a host missing) is replaced, keeping the host names it had; one without `ca.key`
 * was put there by somebody else (cert-manager) and is never touched.
 *
 * @throws ApiError when the API server refuses; Error when a foreign bundle cannot serve
 */
export async function ensureCertificates(options: EnsureCertificatesOptions): Promise<CertificateBundle> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const bundle = await readOrWrite(options);
    if (bundle !== undefined) return bundle;
  }
  throw new Error(
    `failed to write secret '${TLS_SECRET}': another process changed it ${MAX_ROUNDS} times in a row; try again`,
  );
}

/** The X.509 library costs 3.4 MB and is needed once in the life of a release, so it is loaded only then. */
async function issue(what: Parameters<typeof issueCertificates>[0]): Promise<CertificateBundle> {
  const certificates = await import('./issue.ts');
  return certificates.issueCertificates(what);
}

/** The bundle when its authority can sign on: the API server trusts it already. */
function usableAuthority(bundle: CertificateBundle | undefined, nowMs: number): CertificateBundle | undefined {
  return bundle !== undefined && canSign(bundle, nowMs) ? bundle : undefined;
}

/** One round; undefined when somebody else wrote in between. */
async function readOrWrite(options: EnsureCertificatesOptions): Promise<CertificateBundle | undefined> {
  const { client, namespace, hosts, nowMs } = options;
  const secret = await readSecret(client, namespace);
  if (secret === undefined) return createSecret(options);
  const bundle = fromSecretData(secret.data);
  const problem = bundle === undefined ? 'it is incomplete' : findBundleProblem(bundle, hosts, nowMs);
  if (bundle !== undefined && problem === undefined) return bundle;
  if (bundle?.caKey === '') {
    throw new Error(
      `failed to use secret '${TLS_SECRET}': ${problem ?? ''}; correct it, or delete it to have a new one made`,
    );
  }
  return replaceSecret(options, secret, bundle);
}

async function readSecret(client: KubeClient, namespace: string): Promise<Secret | undefined> {
  try {
    return await client.get<Secret>(coreResources.secrets, { namespace, name: TLS_SECRET });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function createSecret(options: EnsureCertificatesOptions): Promise<CertificateBundle | undefined> {
  const bundle = await issue({ hosts: options.hosts, nowMs: options.nowMs });
  try {
    await options.client.create<Secret>(coreResources.secrets, secretOf(options.namespace, bundle));
    return bundle;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}

function secretOf(namespace: string, bundle: CertificateBundle): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: TLS_SECRET,
      namespace,
      labels: { 'app.kubernetes.io/name': 'mooring', 'app.kubernetes.io/component': 'webhooks' },
    },
    type: 'kubernetes.io/tls',
    data: toSecretData(bundle),
  };
}

async function replaceSecret(
  options: EnsureCertificatesOptions,
  secret: Secret,
  old: CertificateBundle | undefined,
): Promise<CertificateBundle | undefined> {
  const hosts = [...new Set([...options.hosts, ...hostsOf(old)])];
  const bundle = await issue({ hosts, nowMs: options.nowMs, authority: usableAuthority(old, options.nowMs) });
  try {
    await options.client.patch<Secret>(
      coreResources.secrets,
      { namespace: options.namespace, name: TLS_SECRET },
      { metadata: { resourceVersion: secret.metadata.resourceVersion }, data: toSecretData(bundle) },
      { kind: 'merge' },
    );
    return bundle;
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

/** Hosts of the certificate that is replaced: two webhooks with different extra hosts must not undo each other's work. */
function hostsOf(bundle: CertificateBundle | undefined): string[] {
  if (bundle === undefined) return [];
  try {
    const names = new X509Certificate(bundle.certificate).subjectAltName ?? '';
    return [...names.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map((match) => match[1] ?? '');
  } catch {
    return [];
  }
}
