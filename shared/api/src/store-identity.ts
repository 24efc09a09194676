/** Which two URLs are one store (design.md §3 "Same store"), and the hash that mirrored objects carry. */
import { createHash } from 'node:crypto';
import { cleanPrefix, type Destination, parseDestination } from './destination.ts';

/** A store as a target names it. */
export interface StoreAddress {
  /** Destination URL. Its query is ignored. */
  url: string;
  /** What {@link storeEndpoint} says; absent where the URL says all. */
  endpoint?: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443', nfs: ':2049', cifs: ':445' };

/**
 * The endpoint that the credentials add to a destination, or undefined: AWS_ENDPOINTS for s3; for azblob the service URL
 * of the account, because a container name is only unique within its account.
 */
export function storeEndpoint(destination: Destination, data: Readonly<Record<string, string>>): string | undefined {
  if (destination.scheme === 's3') return data['AWS_ENDPOINTS'] || undefined;
  if (destination.scheme !== 'azblob') return undefined;
  const account = data['AZBLOB_ACCOUNT_NAME'];
  if (!account) return data['AZBLOB_ENDPOINT'] || undefined;
  const endpoint = data['AZBLOB_ENDPOINT'];
  return endpoint
    ? `${endpoint.replace(/\/+$/, '')}/${account}`
    : `https://${account}.blob.${destination.endpointSuffix}`;
}

/**
 * Canonical text of a store: scheme, endpoint, bucket or host in lower case, default port and trailing slash dropped,
 * path exact, query ignored. Equal text = same store. Throws DestinationError.
 */
export function storeKey(address: StoreAddress): string {
  const destination = parseDestination(address.url);
  const endpoint = address.endpoint ? normaliseEndpoint(address.endpoint) : '';
  return [destination.scheme, endpoint, ...place(destination)].join('|');
}

/** Whether two addresses are one store; false when either URL cannot be parsed. */
export function sameStore(a: StoreAddress, b: StoreAddress): boolean {
  const [keyA, keyB] = [keyOrUndefined(a), keyOrUndefined(b)];
  return keyA !== undefined && keyA === keyB;
}

/** 16 hex digits that change when the store does: of {@link storeKey} and, where known, the marker's storeID. */
export function storeHash(address: StoreAddress & { storeID?: string | undefined }): string {
  const text = `${storeKey(address)}\n${address.storeID ?? ''}`;
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
}

function place(destination: Destination): string[] {
  switch (destination.scheme) {
    case 's3':
      return [destination.bucket.toLowerCase(), destination.prefix];
    case 'azblob':
      return [destination.endpointSuffix.toLowerCase(), destination.container.toLowerCase(), destination.prefix];
    case 'nfs':
    case 'cifs':
      return [withoutDefaultPort(destination.scheme, destination.host.toLowerCase()), cleanPrefix(destination.path)];
    case 'vfs':
      return ['', cleanPrefix(destination.path)];
  }
}

/** `HTTPS://Host:443/Path/` → `https://host/Path`; text that is no URL is only folded to lower case. */
function normaliseEndpoint(endpoint: string): string {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)/.exec(endpoint.trim());
  if (!match) return endpoint.trim().toLowerCase().replace(/\/+$/, '');
  const [, scheme = '', host = '', path = ''] = match;
  const lower = scheme.toLowerCase();
  return `${lower}://${withoutDefaultPort(lower, host.toLowerCase())}${path.replace(/\/+$/, '')}`;
}

function withoutDefaultPort(scheme: string, host: string): string {
  const port = DEFAULT_PORTS[scheme];
  if (host.endsWith(':')) return host.slice(0, -1);
  return port !== undefined && host.endsWith(port) ? host.slice(0, -port.length) : host;
}

function keyOrUndefined(address: StoreAddress): string | undefined {
  try {
    return storeKey(address);
  } catch {
    return undefined;
  }
}
