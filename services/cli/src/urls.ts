import { parseDestination } from '@mooring/api';
import { isStoreName } from '@mooring/backupstore';
import { CliError } from './errors.ts';

/** A URL of something in a store, taken apart. */
export interface ResourceUrl {
  /** The target's URL with the rest of the query: for opening it. */
  readonly target: string;
  /** The target's URL without any query, as Longhorn's drivers name themselves: for the URLs that are shown. */
  readonly shown: string;
  readonly query: URLSearchParams;
}

/**
 * Takes `<target>?backup=…&volume=…` apart, after undoing what copying from Longhorn's JSON leaves behind: the first
 * `\u0026` and then the first `u0026` become `&`. Throws `CliError` for an empty URL.
 */
export function parseResourceUrl(text: string | undefined, what: string): ResourceUrl {
  const url = (text ?? '').replace('\\u0026', '&').replace('u0026', '&');
  if (url === '') throw new CliError(`cannot find valid required parameter: ${what}`);
  const mark = url.indexOf('?');
  const base = mark < 0 ? url : url.slice(0, mark);
  return { target: url, shown: shownUrl(base), query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

/** The volume a URL names. Throws `CliError` with Longhorn's text. */
export function volumeOf({ query }: ResourceUrl): string {
  const volume = query.get('volume') ?? '';
  if (!isStoreName(volume)) throw new CliError(`invalid volume name parsed, got ${volume}`);
  return volume;
}

/** The backup a URL names, `''` for none. Throws `CliError` with Longhorn's text. */
export function backupOf({ query }: ResourceUrl): string {
  const backup = query.get('backup') ?? '';
  if (backup !== '' && !isStoreName(backup)) throw new CliError(`invalid backup name parsed, got ${backup}`);
  return backup;
}

/** The backup a URL names, which must be there. Throws `CliError` with Longhorn's text. */
export function requiredBackupOf(url: ResourceUrl): string {
  const backup = backupOf(url);
  if (backup === '') throw new CliError('invalid backup name parsed, got ');
  return backup;
}

/** The backing image a URL names. Throws `CliError` with Longhorn's text. */
export function backingImageOf({ query }: ResourceUrl): string {
  const name = query.get('backingImage') ?? '';
  if (!isStoreName(name)) throw new CliError(`invalid backing image name parsed, got ${name}`);
  return name;
}

/** A system backup's URL, `<target>/backupstore/system-backups/<version>/<name>`, taken apart at its last four parts. */
export function parseSystemBackupUrl(text: string | undefined): { target: string; version: string; name: string } {
  const url = text ?? '';
  const match = /^(.*)\/backupstore\/system-backups\/([^/]+)\/([^/]+)$/.exec(url);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) {
    throw new CliError(
      `failed to parse system backup URL '${url}': write it as <target>/backupstore/system-backups/<version>/<name>`,
    );
  }
  const [, base, version, name] = match;
  return { target: base.includes('@') ? `${base}/` : base, version, name };
}

// s3: leading slashes of the path are trimmed, what follows stays as typed (backupstore-format §1).
function shownUrl(base: string): string {
  if (!base.startsWith('s3://')) return base;
  const { scheme } = parseDestination(base);
  const slash = base.indexOf('/', scheme.length + 3);
  return `${base.slice(0, slash)}/${base.slice(slash).replace(/^\/+/, '')}`;
}
