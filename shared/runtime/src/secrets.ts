import { coreResources } from './core-resources.ts';
import { createInformer, type CachedObject, type Change, type Informer, type InformerOptions } from './informer.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log, Metrics } from './observe.ts';

/** A Secret as it was read. */
export interface SecretContent {
  /** Values decoded from base64, by key. */
  readonly data: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
}

interface Secret {
  readonly metadata: { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>> | null;
}

/** Reads a Secret from the API server; undefined when there is none. Throws ApiError and ConnectionError. */
export async function readSecret(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<SecretContent | undefined> {
  const secret = await client.find<Secret>(coreResources.secrets, { namespace, name });
  if (secret === undefined) return undefined;
  const { metadata, data } = secret;
  const decoded = Object.entries(data ?? {}).map(([key, value]) => [key, decode(value)] as const);
  return { data: Object.fromEntries(decoded), resourceVersion: metadata.resourceVersion ?? '' };
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** A Secret as far as it is cached: which one, in which version, and never its data. */
export interface SecretVersion extends CachedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** For `createInformer`: asks the API server for the metadata of Secrets alone, and keeps what tells versions apart. */
export const secretVersions: Pick<InformerOptions<SecretVersion>, 'type' | 'metadataOnly' | 'transform'> = {
  type: coreResources.secrets,
  metadataOnly: true,
  transform: ({ metadata: { name, namespace, uid, resourceVersion } }) => ({
    metadata: { name, namespace, uid, resourceVersion },
  }),
};

/** What a {@link SecretCache} is made with. */
export interface SecretCacheOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Called with the name of a Secret that came or changed; may only enqueue. */
  readonly onChange: (name: string) => void;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/**
 * The Secrets of a namespace, read when they are needed. Only names and versions are watched: the content of one is read at its first use, and
 * again only when its version changed, so that a thousand passes cost one GET, and no Secret that nobody asked for is ever held.
 */
export class SecretCache {
  /** To be started, awaited and stopped by the owner. */
  readonly versions: Informer<SecretVersion>;
  readonly #options: SecretCacheOptions;
  readonly #contents = new Map<string, { version: string; content: Promise<SecretContent | undefined> }>();

  constructor(options: SecretCacheOptions) {
    this.#options = options;
    const { client, namespace, log, metrics } = options;
    const onChange = (change: Change<SecretVersion>): void => this.#follow(change);
    this.versions = createInformer<SecretVersion>({ client, namespace, log, metrics, ...secretVersions, onChange });
  }

  /** The Secret `name`; undefined when there is none. Throws as {@link readSecret}; a failure is not remembered. */
  async read(name: string): Promise<SecretContent | undefined> {
    const { client, namespace } = this.#options;
    const version = this.versions.get(namespace, name)?.metadata.resourceVersion;
    if (version === undefined) return undefined;
    const known = this.#contents.get(name);
    if (known?.version === version) return await known.content;
    const entry = { version, content: readSecret(client, { namespace, name }) };
    this.#contents.set(name, entry);
    entry.content.catch(() => {
      if (this.#contents.get(name) === entry) this.#contents.delete(name);
    });
    return await entry.content;
  }

  #follow({ old, new: current }: Change<SecretVersion>): void {
    if (current === undefined) this.#contents.delete(old.metadata.name);
    else this.#options.onChange(current.metadata.name);
  }
}
