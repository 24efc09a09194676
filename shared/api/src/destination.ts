/** Destination URLs of backup stores (reference/backupstore-format.md §1). */
import { type GoUrl, parseGoUrl, parseQuery } from './go-url.ts';

/** Schemes that can be parsed; which of them a cluster allows is configuration (`allowedSchemes`). */
export const schemes = ['s3', 'azblob', 'nfs', 'cifs', 'vfs'] as const;

/** One of {@link schemes}. */
export type Scheme = (typeof schemes)[number];

interface Common {
  /** The URL as typed. */
  url: string;
}

/** `s3://bucket@region/prefix/` or `s3://bucket/prefix`. Keys are `<prefix>/backupstore/…`; prefix is cleaned, without slashes at its ends. */
export interface S3Destination extends Common {
  scheme: 's3';
  bucket: string;
  /** Absent: the region comes from the SDK's chain (AWS_REGION, profile). */
  region?: string;
  prefix: string;
}

/** `azblob://container@core.windows.net/prefix`. An empty suffix works only with AZBLOB_ENDPOINT. */
export interface AzblobDestination extends Common {
  scheme: 'azblob';
  container: string;
  endpointSuffix: string;
  prefix: string;
}

/** `nfs://server:/export[?nfsOptions=…]`. `host` is without the colon; `hasColon` false is legal, but does not mount. */
export interface NfsDestination extends Common {
  scheme: 'nfs';
  host: string;
  hasColon: boolean;
  path: string;
  /** Given options replace Longhorn's defaults; empty: defaults. */
  options: string[];
}

/** `cifs://server/share/path[?cifsOptions=…]`. */
export interface CifsDestination extends Common {
  scheme: 'cifs';
  host: string;
  path: string;
  /** Empty: `soft`. */
  options: string[];
}

/** `vfs:///absolute/directory`; the directory need not exist. */
export interface VfsDestination extends Common {
  scheme: 'vfs';
  path: string;
}

/** A parsed destination. */
export type Destination = S3Destination | AzblobDestination | NfsDestination | CifsDestination | VfsDestination;

/** Why a destination cannot be parsed; stable, for programs. */
export type DestinationErrorCode =
  | 'Empty'
  | 'Malformed'
  | 'UnsupportedScheme'
  | 'PathMissing'
  | 'HostMissing'
  | 'HostNotAllowed'
  | 'PortNotAllowed'
  | 'InvalidName';

/** A destination URL that cannot be used. The message ends with the cure and never holds the query (it may be secret). */
export class DestinationError extends Error {
  readonly code: DestinationErrorCode;
  constructor(code: DestinationErrorCode, message: string) {
    super(message);
    this.name = 'DestinationError';
    this.code = code;
  }
}

const EXAMPLES: Readonly<Record<Scheme, string>> = {
  s3: 's3://bucket@region/path/',
  azblob: 'azblob://container@core.windows.net/path/',
  nfs: 'nfs://server:/export/path',
  cifs: 'cifs://server/share/path',
  vfs: 'vfs:///path/',
};

/** Parses a destination URL; throws {@link DestinationError}. Unknown query parameters are ignored, as drivers do. */
export function parseDestination(url: string): Destination {
  if (url === '')
    throw new DestinationError(
      'Empty',
      "destination URL hasn't been specified: give one, e.g. s3://bucket@region/path/",
    );
  const parsed = parseGoUrl(url);
  if ('error' in parsed) {
    throw new DestinationError(
      'Malformed',
      `failed to parse destination URL: ${parsed.error}; write it like ${EXAMPLES.s3}`,
    );
  }
  switch (parsed.scheme) {
    case 's3':
      return parseS3(url, parsed);
    case 'azblob':
      return parseAzblob(url, parsed);
    case 'nfs':
      return parseNfs(url, parsed);
    case 'cifs':
      return parseCifs(url, parsed);
    case 'vfs':
      return parseVfs(url, parsed);
    default:
      throw new DestinationError(
        'UnsupportedScheme',
        `driver ${parsed.scheme} is not supported: use one of ${schemes.join(', ')}`,
      );
  }
}

/** Go's `path.Clean` without slashes at the ends: the prefix of every key. `/a//b/../c/` → `a/c`, `/` → ``. */
export function cleanPrefix(path: string): string {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else kept.push(part);
  }
  return kept.join('/');
}

function parseS3(url: string, parsed: GoUrl): S3Destination {
  const bucket = parsed.user ?? parsed.host;
  const invalid = 'invalid URL. Must be either s3://bucket@region/path/, or s3://bucket/path';
  if (parsed.path === '')
    throw new DestinationError('PathMissing', `${invalid}: add at least a / after the region or bucket`);
  if (bucket === '') throw new DestinationError('HostMissing', `${invalid}: name the bucket`);
  const region = parsed.user === undefined || parsed.host === '' ? {} : { region: parsed.host };
  return { scheme: 's3', url, bucket, ...region, prefix: cleanPrefix(parsed.path) };
}

function parseAzblob(url: string, parsed: GoUrl): AzblobDestination {
  const container = parsed.user ?? parsed.host;
  if (container === '') throw missingHost('azblob', 'name the container');
  const endpointSuffix = parsed.user === undefined ? '' : parsed.host;
  return { scheme: 'azblob', url, container, endpointSuffix, prefix: cleanPrefix(parsed.path) };
}

function parseNfs(url: string, parsed: GoUrl): NfsDestination {
  const match = /^(\[[^\]]*\]|[^:]*)(:([0-9]*))?$/.exec(parsed.host);
  const host = match?.[1] ?? '';
  if (host === '') throw missingHost('nfs', 'name the server');
  if (match?.[3]) {
    throw new DestinationError(
      'PortNotAllowed',
      `nfs URL names port ${match[3]}, which cannot be mounted: write ${EXAMPLES.nfs} and the option port=${match[3]}`,
    );
  }
  if (parsed.path === '') throw missingPath('nfs');
  return {
    scheme: 'nfs',
    url,
    host,
    hasColon: match?.[2] !== undefined,
    path: parsed.path,
    options: mountOptions(parsed, 'nfsOptions'),
  };
}

function parseCifs(url: string, parsed: GoUrl): CifsDestination {
  if (parsed.host === '') throw missingHost('cifs', 'name the server');
  if (parsed.path === '' || parsed.path === '/') throw missingPath('cifs');
  return { scheme: 'cifs', url, host: parsed.host, path: parsed.path, options: mountOptions(parsed, 'cifsOptions') };
}

function parseVfs(url: string, parsed: GoUrl): VfsDestination {
  const rule = `VFS path must follow: ${EXAMPLES.vfs} format`;
  if (parsed.host !== '' || parsed.user !== undefined) {
    throw new DestinationError('HostNotAllowed', `${rule}: leave the host empty, with three slashes`);
  }
  if (parsed.path === '') throw new DestinationError('PathMissing', `${rule}: name the directory`);
  return { scheme: 'vfs', url, path: `/${cleanPrefix(parsed.path).replace(/^(\.\.\/?)+/, '')}` };
}

/** Options of the query: a single value is split at commas, repeated ones are not (backupstore-format.md §1). */
function mountOptions(parsed: GoUrl, key: string): string[] {
  const values = parseQuery(parsed.rawQuery)
    .filter(([name]) => name === key)
    .map(([, value]) => value);
  const single = values.length === 1 ? values[0]?.split(',') : undefined;
  return (single ?? values).filter((option) => option !== '');
}

function missingHost(scheme: Scheme, cure: string): DestinationError {
  return new DestinationError('HostMissing', `invalid ${scheme} URL: ${cure}, as in ${EXAMPLES[scheme]}`);
}

function missingPath(scheme: Scheme): DestinationError {
  return new DestinationError(
    'PathMissing',
    `invalid ${scheme} URL: name the exported path, as in ${EXAMPLES[scheme]}`,
  );
}
