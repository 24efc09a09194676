import type { ObjectMeta } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import type { KubeClient } from '@mooring/runtime';

/** Name of the Secret in the release namespace with the serving certificate; both webhooks read it. */
export const TLS_SECRET = 'mooring-webhook-tls';
/** Name of the Secret in the release namespace with the authority and its key; read only by who is about to sign. */
export const CA_SECRET = 'mooring-webhook-ca';

/** A Kubernetes Secret as far as certificates need it. */
export interface Secret {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>> | null;
}

/** Reads a Secret; undefined when there is none. Throws ApiError, ConnectionError. */
export async function readSecret(
  client: KubeClient,
  ref: { readonly namespace: string; readonly name: string },
): Promise<Secret | undefined> {
  return await client.find<Secret>(coreResources.secrets, ref);
}

/** What is written. */
export interface SecretWrite {
  readonly namespace: string;
  readonly name: string;
  /** base64 by key; null takes a key out. */
  readonly data: Readonly<Record<string, string | null>>;
  /** What was read before; undefined when there was none. */
  readonly before: Secret | undefined;
}

/**
 * Creates a Secret of type kubernetes.io/tls, or changes the data of the one that was read.
 *
 * @throws ApiError `AlreadyExists` or `Conflict` when somebody else was faster
 */
export async function writeSecret(client: KubeClient, { namespace, name, data, before }: SecretWrite): Promise<void> {
  if (before !== undefined) {
    const { uid, resourceVersion } = before.metadata;
    const patch = { metadata: { uid, resourceVersion }, data };
    await client.patch(coreResources.secrets, { namespace, name }, patch, { kind: 'merge' });
    return;
  }
  const labels = { 'app.kubernetes.io/name': 'mooring', 'app.kubernetes.io/component': 'webhooks' };
  const present = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
  await client.create(coreResources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    type: 'kubernetes.io/tls',
    data: present,
  });
}
