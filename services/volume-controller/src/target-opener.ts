import type { BackupTarget, Scheme } from '@mooring/api';
import { type CredentialSecret, type ObjectStore, TargetStores } from '@mooring/backupstore';
import {
  type CachedObject,
  type Change,
  coreResources,
  createInformer,
  type Informer,
  isNotFound,
  type KubeClient,
  type Log,
  type Metrics,
} from '@mooring/runtime';
import type { StoreOpener } from './parts.ts';

/** What a `TargetOpener` needs. */
export interface TargetOpenerOptions {
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly allowedSchemes: readonly Scheme[];
  /** Called with the name of a Secret that came or changed. */
  readonly onSecret: (name: string) => void;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

interface SecretObject {
  readonly metadata: { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>> | null;
}

/**
 * Opens the stores of targets. Of Secrets it watches only names and versions: the content of one is read when a target needs it, and again only
 * when its version changed, so that a thousand passes cost one GET and no Secret that is not ours is ever held.
 */
export class TargetOpener implements StoreOpener {
  readonly secrets: Informer<CachedObject>;
  readonly #options: TargetOpenerOptions;
  readonly #stores = new TargetStores();
  readonly #contents = new Map<string, { version: string; content: Promise<CredentialSecret | undefined> }>();

  constructor(options: TargetOpenerOptions) {
    this.#options = options;
    this.secrets = createInformer<CachedObject>({
      client: options.client,
      namespace: options.namespace,
      type: coreResources.secrets,
      metadataOnly: true,
      log: options.log,
      metrics: options.metrics,
      transform: ({ metadata: { name, namespace, resourceVersion } }) => ({
        metadata: { name, namespace, resourceVersion },
      }),
      onChange: (change) => this.#follow(change),
    });
  }

  async open(target: BackupTarget): Promise<ObjectStore> {
    const { allowedSchemes } = this.#options;
    const readSecret = (name: string): Promise<CredentialSecret | undefined> => this.#read(name);
    const { store } = await this.#stores.resolve({ target, readSecret, allowedSchemes, readOnly: true });
    return store;
  }

  /** Forgets the store of a target that is gone. */
  forget(target: BackupTarget): void {
    this.#stores.forget(target);
  }

  /** Closes all stores. */
  close(): void {
    this.#stores.close();
  }

  #follow({ old, new: current }: Change<CachedObject>): void {
    if (current === undefined) this.#contents.delete(old.metadata.name);
    else this.#options.onSecret(current.metadata.name);
  }

  async #read(name: string): Promise<CredentialSecret | undefined> {
    const version = this.secrets.get(this.#options.namespace, name)?.metadata.resourceVersion;
    if (version === undefined) return undefined;
    const known = this.#contents.get(name);
    if (known?.version === version) return await known.content;
    const content = this.#fetch(name);
    const entry = { version, content };
    this.#contents.set(name, entry);
    content.catch(() => {
      if (this.#contents.get(name) === entry) this.#contents.delete(name);
    });
    return await content;
  }

  async #fetch(name: string): Promise<CredentialSecret | undefined> {
    const { client, namespace } = this.#options;
    try {
      const secret = await client.get<SecretObject>(coreResources.secrets, { namespace, name });
      const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)] as const);
      return { data: Object.fromEntries(data), resourceVersion: secret.metadata.resourceVersion ?? '' };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
