import { createHash } from 'node:crypto';
import { storeEndpoint, storeHash, type Destination, type Scheme } from '@mooring/api';
import { StoreError } from './errors.ts';
import { checkCredentials, checkDestination, openStore, type StoreCredentials } from './open-store.ts';
import type { ObjectStore } from './store.ts';
import type { StoreLimits } from './wrappers/wrap-store.ts';

/** A Secret as its reader hands it over: values decoded from base64. */
export interface CredentialSecret {
  readonly data: StoreCredentials;
  readonly resourceVersion: string;
}

/** The parts of a BackupTarget that say which store it is. */
export interface TargetReference {
  readonly metadata: { readonly name: string; readonly uid?: string };
  readonly spec?: { readonly backupTargetURL?: string; readonly credentialSecret?: string };
}

/** How the targets of a process are resolved. */
export interface TargetStoreOptions {
  /** The Secret of that name in the target's namespace; `undefined` when there is none. */
  readonly readSecret: (name: string) => Promise<CredentialSecret | undefined>;
  readonly allowedSchemes: readonly Scheme[];
  readonly limits?: Partial<StoreLimits>;
  readonly readOnly?: boolean;
}

/** What one target is resolved with. */
export interface ResolveOptions extends TargetStoreOptions {
  readonly target: TargetReference;
}

/** An opened target. */
export interface ResolvedStore {
  readonly store: ObjectStore;
  readonly destination: Destination;
  /** The endpoint that the credentials add to the URL; part of what "same store" means. */
  readonly endpoint?: string;
  /** 16 hex digits for `mooring.io/store`; give the marker's storeID where it is known. */
  readonly storeHashOf: (storeID?: string) => string;
  /** Changes when the URL, the Secret's name or its content does; holds nothing of the content. */
  readonly inputsHash: string;
}

interface Inputs {
  readonly url: string;
  readonly destination: Destination;
  readonly credentials: StoreCredentials;
  readonly inputsHash: string;
}

/**
 * Opens the store of a BackupTarget; makes no request to it. Throws a `StoreError` whose `reason` is the condition's:
 * `URLEmpty`, `InvalidURL`, `SchemeNotAllowed`, `BackendNotInstalled`, `SecretNotFound`, `SecretRequired`,
 * `CredentialInvalid`; and whatever `readSecret` throws.
 */
export async function resolveTargetStore(options: ResolveOptions): Promise<ResolvedStore> {
  return await openInputs(await readInputs(options), options);
}

/**
 * The opened stores of a process, one for each target, so that all calls to one target share its sockets, its in-flight
 * limit and its breaker. A changed URL or Secret gives a new store; calls still running on the old one end by themselves.
 */
export class TargetStores {
  readonly #options: TargetStoreOptions;
  readonly #entries = new Map<string, { inputsHash: string; opened: Promise<ResolvedStore> }>();

  constructor(options: TargetStoreOptions) {
    this.#options = options;
  }

  /** As {@link resolveTargetStore}; keyed by the target's UID (its name while it has none). The store is not to be closed by the caller. */
  async resolve(target: TargetReference): Promise<ResolvedStore> {
    const options = { ...this.#options, target };
    const key = target.metadata.uid ?? target.metadata.name;
    const inputs = await readInputs(options);
    const known = this.#entries.get(key);
    if (known?.inputsHash === inputs.inputsHash) return await known.opened;
    this.#drop(key);
    const opened = openInputs(inputs, options);
    const entry = { inputsHash: inputs.inputsHash, opened };
    this.#entries.set(key, entry);
    opened.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return await opened;
  }

  /** Forgets a target that is gone. */
  forget(target: TargetReference): void {
    this.#drop(target.metadata.uid ?? target.metadata.name);
  }

  /** Closes all stores. */
  close(): void {
    for (const key of this.#entries.keys()) this.#drop(key);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    entry?.opened.then(
      ({ store }) => {
        store.close();
      },
      () => undefined,
    );
  }
}

async function readInputs({ target, readSecret, allowedSchemes }: ResolveOptions): Promise<Inputs> {
  const url = target.spec?.backupTargetURL ?? '';
  const destination = checkDestination(url, allowedSchemes);
  const secretName = target.spec?.credentialSecret ?? '';
  const secret = secretName === '' ? NO_SECRET : await readSecret(secretName);
  if (secret === undefined) {
    throw new StoreError('SecretNotFound', {
      action: `read secret '${secretName}'`,
      cure: `create secret '${secretName}' beside the backup target, or correct credentialSecret`,
    });
  }
  const identity = [url, secretName, secret.resourceVersion].join('\n');
  const inputsHash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return { url, destination, credentials: secret.data, inputsHash };
}

const NO_SECRET: CredentialSecret = { data: {}, resourceVersion: '' };

async function openInputs(inputs: Inputs, options: ResolveOptions): Promise<ResolvedStore> {
  const { url, destination, credentials, inputsHash } = inputs;
  checkCredentials(credentials);
  const endpoint = storeEndpoint(destination, credentials);
  const store = await openStore({
    url,
    credentials,
    allowedSchemes: options.allowedSchemes,
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.readOnly !== undefined && { readOnly: options.readOnly }),
  });
  return {
    store,
    destination,
    inputsHash,
    ...(endpoint !== undefined && { endpoint }),
    storeHashOf: (storeID) => storeHash({ url, endpoint, storeID }),
  };
}
