/** What stands in for anything that must not be shown. */
export const REDACTED = '[redacted]';

/**
 * Keys of a target's Secret whose values are never shown (backup store format §1: S3, Azure and CIFS credentials).
 * Endpoints, the role's name and the addressing style are not here: a user needs to see them in a log.
 */
export const SECRET_KEYS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CERT',
  'CIFS_USERNAME',
  'CIFS_PASSWORD',
  'AZBLOB_ACCOUNT_NAME',
  'AZBLOB_ACCOUNT_KEY',
  'AZBLOB_CERT',
] as const;

/** Further names under which the same values travel: SDK configuration, HTTP headers, mount options, kubeconfigs. */
const SECRET_NAMES = [
  ...SECRET_KEYS,
  'accessKeyId',
  'secretAccessKey',
  'AWSAccessKeyId',
  'sessionToken',
  'accountKey',
  'AccountKey',
  'SharedAccessSignature',
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-amz-security-token',
  'password',
  'passwd',
  'client_secret',
  'client-key-data',
  'bearerToken',
  'id_token',
  'access_token',
  'refresh_token',
];

const secretNames = new Set(SECRET_NAMES.map((name) => name.toLowerCase()));
const names = SECRET_NAMES.join('|');

/** The start of a quoted member, in JSON or in JSON that is itself inside a string: `"password":"`, `\\"password\\":\\"`. */
const MEMBER = new RegExp(`(?<!\\\\)(\\\\{0,15})(["'])(?:${names})\\1\\2\\s*:\\s*\\1(["'])`, 'gi');
/** `Authorization: AWS4-HMAC-SHA256 Credential=…, Signature=…`: to the end of the line or of the quoted string. */
const HEADER = /\b((?:proxy-)?authorization|set-cookie|cookie)(\s*[:=]\s*)(?!\[redacted\])[^"'\r\n\\]+/gi;
/** `password=x`, `AWS_SECRET_ACCESS_KEY: x`: one word. */
const PAIR = new RegExp(`\\b(${names})(\\s*[=:]\\s*)(?!\\[redacted\\])[^\\s"',;&<>\\\\]+`, 'gi');
/** `<AWSAccessKeyId>x</AWSAccessKeyId>`, as S3 servers echo it in error documents. */
const ELEMENT = new RegExp(`<(${names})>[^<]*<`, 'gi');
const BEARER = /\b(Bearer|Basic|SharedKey|AWS)\s+(?=\S*[\d+/=._:-])[\w+/=.:~-]{8,}/g;
/** To its END line, or where the text (the quoted string) was cut. */
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[^"']*?(?:-----END \1-----|(?=\\*["'])|$)/g;
const USERINFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:"'\\]*:[^\s/@"'\\]*@/gi;
const URL_TEXT = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>\\]*/gi;

/** Whether a member of that name holds a secret (case does not matter): `password`, `AWS_SECRET_ACCESS_KEY`, `authorization`. */
export function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase());
}

/**
 * Takes out of a text (also a line of JSON, which stays valid JSON) everything that may be a secret: values of the known
 * Secret keys, Authorization and cookie headers, bearer tokens, PEM blocks, passwords and query strings of URLs.
 * Idempotent; never throws.
 */
export function redactText(text: string): string {
  return redactMembers(text.replace(PEM, REDACTED))
    .replace(ELEMENT, `<$1>${REDACTED}<`)
    .replace(HEADER, `$1$2${REDACTED}`)
    .replace(PAIR, `$1$2${REDACTED}`)
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(USERINFO, `$1${REDACTED}@`)
    .replace(URL_TEXT, (url) => url.split('?', 1)[0] ?? '');
}

function redactMembers(text: string): string {
  let shown = '';
  let from = 0;
  MEMBER.lastIndex = 0;
  for (let member = MEMBER.exec(text); member; member = MEMBER.exec(text)) {
    const [opening, { length: escapes } = '', , quote = '"'] = member;
    const start = member.index + opening.length;
    const end = endOfString({ text, start, quote, escapes });
    shown += text.slice(from, start) + REDACTED;
    from = end;
    MEMBER.lastIndex = end;
  }
  return shown + text.slice(from);
}

/**
 * Where a string ends whose quotes stand behind `escapes` backslashes (0, 1, 3, 7: one level of JSON in JSON each). Inside
 * it, a quote has a whole backslash of that level more before it, which is written as `escapes + 1` of them.
 */
function endOfString(string: { text: string; start: number; quote: string; escapes: number }): number {
  const { text, start, quote, escapes } = string;
  let run = 0;
  for (let index = start; index < text.length; index++) {
    if (text[index] === '\\') {
      run++;
      continue;
    }
    if (text[index] === quote && run % (2 * (escapes + 1)) === escapes) return index - escapes;
    run = 0;
  }
  return text.length;
}

/** A URL without user's password, query string and fragment: `https://h/p?sig=x` -> `https://h/p`. Never throws. */
export function redactUrl(url: string): string {
  const end = url.search(/[?#]/);
  return (end < 0 ? url : url.slice(0, end)).replace(USERINFO, `$1${REDACTED}@`);
}
