/** Secrets, read live at use: their data is never cached. */
import type { CredentialSecret } from '@mooring/backupstore';
import { coreResources, isNotFound } from '@mooring/runtime';
import type { KubeClient } from '@mooring/runtime';

interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>> | null;
}

/** The Secret `name` with its values decoded; undefined when there is none. Throws ApiError and ConnectionError. */
export async function readCredentials(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<CredentialSecret | undefined> {
  try {
    const { metadata, data } = await client.get<Secret>(coreResources.secrets, { namespace, name });
    const decoded = Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]);
    return { data: Object.fromEntries(decoded) as Record<string, string>, resourceVersion: metadata.resourceVersion };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
