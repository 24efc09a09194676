/**
 * URLs as Go's net/url reads and writes them, written by hand because WHATWG `URL` drops the colon of
 * `nfs://host:/path` and lower-cases, re-encodes and reorders what must stay as typed (backupstore-format.md §0.11).
 */

/** The parts of `scheme://[user[:password]@]host[/path][?query][#fragment]`, decoded except where said. */
export interface GoUrl {
  /** Lower case, without the colon. */
  scheme: string;
  /** Decoded user name; undefined when there is no `@`. */
  user?: string;
  /** As typed, with port and even with an empty port: `server:`. */
  host: string;
  /** Decoded path: starts with `/` or is empty. */
  path: string;
  /** Path as typed. */
  rawPath: string;
  /** Query as typed, without `?`. */
  rawQuery: string;
  /** Everything before the query, as typed but with the scheme in lower case. */
  base: string;
}

/** One decoded query parameter, in the order of the URL. */
export type QueryPair = readonly [key: string, value: string];

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const HOST_CHARACTERS = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u;
const USER_CHARACTERS = /^[A-Za-z0-9\-_.~!$&'()*+,;=:%@]*$/;

/**
 * Parses as `url.Parse` would. Returns a text that says what is wrong (never the URL itself, which may hold secrets)
 * instead of throwing.
 */
export function parseGoUrl(text: string): GoUrl | { error: string } {
  if (/[\u0000-\u001f\u007f]/.test(text)) return { error: 'it contains a control character' };
  const [beforeFragment] = split(text, '#');
  const scheme = SCHEME.exec(beforeFragment)?.[1];
  if (scheme === undefined) return { error: 'it does not begin with scheme://' };
  const rest = beforeFragment.slice(scheme.length + 1);
  const [hierarchy, rawQuery] = split(rest, '?');
  if (!hierarchy.startsWith('//')) return { error: 'it does not begin with scheme://' };
  const [authority] = split(hierarchy.slice(2), '/');
  const rawPath = hierarchy.slice(2 + authority.length);
  const path = percentDecode(rawPath);
  if (path === undefined) return { error: 'its path contains an invalid % escape' };
  const parsed = parseAuthority(authority);
  if ('error' in parsed) return parsed;
  const lower = scheme.toLowerCase();
  return { scheme: lower, ...parsed, path, rawPath, rawQuery, base: `${lower}:${hierarchy}` };
}

/** Decoded parameters of a query; a malformed pair (bad `%`, or a `;`) is left out, as Go's `URL.Query()` does. */
export function parseQuery(rawQuery: string): QueryPair[] {
  const pairs: QueryPair[] = [];
  for (const piece of rawQuery.split('&')) {
    if (piece === '' || piece.includes(';')) continue;
    const [rawKey, rawValue] = split(piece, '=');
    const key = percentDecode(rawKey.replaceAll('+', ' '));
    const value = percentDecode(rawValue.replaceAll('+', ' '));
    if (key !== undefined && value !== undefined) pairs.push([key, value]);
  }
  return pairs;
}

/** Query as Go's `Values.Encode`: keys sorted by bytes, values of one key in order, form escaping (space is `+`). */
export function encodeQuery(pairs: readonly QueryPair[]): string {
  return [...pairs]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, value]) => `${formEscape(key)}=${formEscape(value)}`)
    .join('&');
}

/** Go's QueryEscape: everything but `A-Za-z0-9-_.~` in upper-case hex, space as `+`. */
export function formEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** Decodes `%XX`; undefined when a `%` is not followed by two hex digits. Bytes that are not UTF-8 become U+FFFD. */
function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

function parseAuthority(authority: string): { user?: string; host: string } | { error: string } {
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const hostError = checkHost(host);
  if (hostError !== undefined) return { error: hostError };
  if (at < 0) return { host };
  const userInfo = authority.slice(0, at);
  if (!USER_CHARACTERS.test(userInfo)) return { error: 'the part before @ contains an invalid character' };
  const user = percentDecode(split(userInfo, ':')[0]);
  return user === undefined ? { error: 'the part before @ contains an invalid % escape' } : { user, host };
}

function checkHost(host: string): string | undefined {
  if (!HOST_CHARACTERS.test(host)) return 'its host contains an invalid character';
  if (host.includes('%')) return 'its host contains a % escape';
  if (!host.startsWith('[')) return checkPort(host.includes(':') ? host.slice(host.lastIndexOf(':')) : '');
  const end = host.lastIndexOf(']');
  return end < 0 ? 'its host lacks a closing ]' : checkPort(host.slice(end + 1));
}

function checkPort(port: string): string | undefined {
  return /^(:[0-9]*)?$/.test(port) ? undefined : 'its port is not a number';
}

/** The text before and after the first `separator`; the second is empty when it is not there. */
function split(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + separator.length)];
}
