/** URLs of backups, and the NFS options of a target's URL (reference/backupstore-format.md §7, longhorn-manager.md §2.2). */
import { DestinationError } from './destination.ts';
import { encodeQuery, type GoUrl, parseGoUrl, parseQuery, type QueryPair } from './go-url.ts';

/** What the store accepts as the name of a volume or backup: two characters or more. */
const STORE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Whether `name` is legal in the store (`_` and upper case are, although no object name has them). */
export function isStoreName(name: string): boolean {
  return STORE_NAME.test(name);
}

/**
 * `<target URL>?backup=<backup>&volume=<volume>` as Longhorn's EncodeBackupURL: the target's own query is kept, keys are
 * sorted, no slash is put before `?`. Without `backup` it is the URL of the volume. Throws DestinationError.
 */
export function encodeBackupUrl(parts: { backup?: string; volume?: string; targetUrl: string }): string {
  const parsed = parse(parts.targetUrl);
  const pairs = parseQuery(parsed.rawQuery);
  if (parts.volume) pairs.push(['volume', parts.volume]);
  if (parts.backup) pairs.push(['backup', parts.backup]);
  return withQuery(parsed, pairs);
}

/** URL of a backing image: a plain append of `?backingImage=<name>` (or `&…`), as Longhorn does. */
export function encodeBackingImageUrl(parts: { backingImage: string; targetUrl: string }): string {
  return `${parts.targetUrl}${parts.targetUrl.includes('?') ? '&' : '?'}backingImage=${parts.backingImage}`;
}

/**
 * Takes a backup's or volume's URL apart; `destUrl` is the target's URL with the rest of the query. Throws
 * DestinationError: `Malformed`, or `InvalidName` for names that the store cannot have.
 */
export function decodeBackupUrl(url: string): { backup?: string; volume?: string; destUrl: string } {
  const parsed = parse(url);
  const pairs = parseQuery(parsed.rawQuery);
  const volume = first(pairs, 'volume');
  const backup = first(pairs, 'backup');
  if (volume && !isStoreName(volume)) throw invalidName('volume', volume);
  if (backup && !isStoreName(backup)) throw invalidName('backup', backup);
  const rest = pairs.filter(([key]) => key !== 'volume' && key !== 'backup');
  return { ...(backup ? { backup } : {}), ...(volume ? { volume } : {}), destUrl: withQuery(parsed, rest) };
}

/**
 * The URL with its `nfsOptions` made safe, as Longhorn's mutator does: repeated and comma-separated values flattened,
 * `hard` dropped, `soft`, `timeo=300` and `retry=2` appended when missing. Untouched: other schemes, no `nfsOptions`,
 * a URL that cannot be parsed, and a list that needs no change. All values blank: the parameter is removed.
 */
export function normaliseNfsOptions(url: string): string {
  const parsed = parseGoUrl(url);
  if ('error' in parsed || parsed.scheme !== 'nfs') return url;
  const pairs = parseQuery(parsed.rawQuery);
  if (!pairs.some(([key]) => key === 'nfsOptions')) return url;
  const given = pairs.filter(([key]) => key === 'nfsOptions').flatMap(([, value]) => value.split(','));
  const others = pairs.filter(([key]) => key !== 'nfsOptions');
  const named = given.map((option) => option.trim()).filter((option) => option !== '');
  if (named.length === 0) return withQuery(parsed, others);
  const safe = withSafeOptions(named);
  if (safe.length === given.length && safe.every((option, index) => option === given[index])) return url;
  return withQuery(parsed, [...others, ['nfsOptions', safe.join(',')]]);
}

function withSafeOptions(given: readonly string[]): string[] {
  const options = given.filter((option) => option !== 'hard');
  if (!options.includes('soft')) options.push('soft');
  if (!options.some((option) => option.startsWith('timeo='))) options.push('timeo=300');
  if (!options.some((option) => option.startsWith('retry='))) options.push('retry=2');
  return options;
}

function parse(url: string): GoUrl {
  const parsed = parseGoUrl(url);
  if ('error' in parsed)
    throw new DestinationError(
      'Malformed',
      `failed to parse backup URL: ${parsed.error}; copy it from status.url of the Backup`,
    );
  return parsed;
}

function withQuery(parsed: GoUrl, pairs: readonly QueryPair[]): string {
  return pairs.length === 0 ? parsed.base : `${parsed.base}?${encodeQuery(pairs)}`;
}

function first(pairs: readonly QueryPair[], name: string): string | undefined {
  return pairs.find(([key]) => key === name)?.[1];
}

function invalidName(what: string, name: string): DestinationError {
  return new DestinationError(
    'InvalidName',
    `invalid ${what} name parsed, got ${name}: names have two or more of A-Z a-z 0-9 _ . -`,
  );
}
