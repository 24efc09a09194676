import { credentialProblems, DestinationError, parseDestination, type Destination, type Scheme } from '@mooring/api';
import { StoreError } from './errors.ts';
import type { ObjectStore } from './store.ts';
import { wrapStore, type StoreLimits } from './wrappers/wrap-store.ts';

/** Credentials and settings of a store: the keys of the Secret (backupstore-format §1), values as text, not base64. */
export type StoreCredentials = Readonly<Record<string, string>>;

/** Which store to open, and how to treat it. */
export interface OpenStoreOptions {
  /** Destination URL, e.g. `s3://bucket@region/path/`. */
  readonly url: string;
  /** Default none. Also `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`; nothing of it is taken from the process's environment but the AWS SDK's own chain. */
  readonly credentials?: StoreCredentials;
  /** Default: all that have a backend. */
  readonly allowedSchemes?: readonly Scheme[];
  readonly limits?: Partial<StoreLimits>;
  /** Refuse writes with `ReadOnly`. */
  readonly readOnly?: boolean;
}

/**
 * Opens a store behind all wrappers: deadline, retry, in-flight limit, breaker, metrics and spans. Opening makes no
 * request. Throws `URLEmpty`, `InvalidURL`, `SchemeNotAllowed`, `BackendNotInstalled`, `SecretRequired`, `CredentialInvalid`.
 */
export async function openStore(options: OpenStoreOptions): Promise<ObjectStore> {
  const destination = checkDestination(options.url, options.allowedSchemes);
  const credentials = options.credentials ?? {};
  checkCredentials(credentials);
  const backend = await openBackend(destination, credentials);
  return wrapStore(backend, {
    readOnly: options.readOnly ?? false,
    ...(options.limits !== undefined && { limits: options.limits }),
  });
}

/** Parses a URL and checks that its scheme may be used. Throws `URLEmpty`, `InvalidURL`, `SchemeNotAllowed`, `BackendNotInstalled`. */
export function checkDestination(url: string, allowedSchemes?: readonly Scheme[]): Destination {
  const destination = parseUrl(url);
  const { scheme } = destination;
  if (allowedSchemes !== undefined && !allowedSchemes.includes(scheme)) {
    throw new StoreError('SchemeNotAllowed', {
      action: `open ${scheme} store`,
      detail: `scheme '${scheme}' is not allowed here`,
      cure: `use one of ${allowedSchemes.join(', ')}, or have an administrator add it to MOORING_ALLOWED_SCHEMES`,
    });
  }
  if (scheme === 'nfs' || scheme === 'cifs')
    throw new StoreError('BackendNotInstalled', { action: `open ${scheme} store` });
  return destination;
}

/** Throws `CredentialInvalid` when a value begins or ends with white space, naming the key, never the value. */
export function checkCredentials(credentials: StoreCredentials): void {
  const problem = credentialProblems(credentials)[0];
  if (problem === undefined) return;
  throw new StoreError('CredentialInvalid', {
    action: `read credential '${problem.key}'`,
    detail: `its value has ${problem.where} white space`,
    cure: `write the Secret again without it (a frequent source: echo without -n)`,
  });
}

function parseUrl(url: string): Destination {
  if (url === '') throw new StoreError('URLEmpty', { action: 'open store' });
  try {
    return parseDestination(url);
  } catch (error) {
    if (!(error instanceof DestinationError)) throw error;
    throw new StoreError('InvalidURL', { action: 'open store', detail: error.message, cause: error });
  }
}

// Backends are loaded only when one is opened: the SDKs cost 0.4 to 0.6 s and over 20 MiB each.
async function openBackend(destination: Destination, credentials: StoreCredentials): Promise<ObjectStore> {
  switch (destination.scheme) {
    case 'vfs': {
      const { VfsStore } = await import('./backends/vfs.ts');
      return new VfsStore(destination.path);
    }
    case 's3': {
      const { openS3Store } = await import('./backends/s3.ts');
      return openS3Store(destination, credentials);
    }
    case 'azblob': {
      const { openAzblobStore } = await import('./backends/azblob.ts');
      return openAzblobStore(destination, credentials);
    }
    default:
      throw new StoreError('BackendNotInstalled', { action: `open ${destination.scheme} store` });
  }
}
