import { StoreError, type StoreErrorCode, type StoreErrorOptions } from '../errors.ts';

/** What an error is about. */
export interface ErrorContext {
  /** As in `StoreErrorOptions`. */
  readonly action: string;
  readonly key?: string;
  /** Host and port of the store, for messages. */
  readonly host: string;
}

type Row = readonly [code: StoreErrorCode, detail: (host: string) => string, cure?: string];

const untrusted: Row = ['CertificateInvalid', (host) => `the certificate of '${host}' is not trusted`];
const unresolved: Row = ['HostNotFound', (host) => `host '${host}' cannot be resolved`];
const unreachable: Row = [
  'ConnectionRefused',
  (host) => `host '${host}' cannot be reached`,
  'check the network, the firewall and the endpoint of the target',
];
const broken: Row = ['Unavailable', (host) => `'${host}' closed the connection before it had answered`];
const slow: Row = ['Timeout', (host) => `'${host}' did not answer in time`];
const notTls: Row = [
  'Invalid',
  (host) => `'${host}' does not speak the protocol of the endpoint`,
  'check http or https, and the port, in the endpoint of the Secret',
];

// System errors of node:net and node:tls, and the codes of OpenSSL's verification.
const ROWS: Readonly<Record<string, Row>> = {
  ECONNREFUSED: ['ConnectionRefused', (host) => `'${host}' refuses connections`],
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EHOSTDOWN: unreachable,
  ENOTFOUND: unresolved,
  EAI_AGAIN: unresolved,
  EAI_FAIL: unresolved,
  EAI_NODATA: unresolved,
  ECONNRESET: broken,
  ECONNABORTED: broken,
  EPIPE: broken,
  ERR_STREAM_PREMATURE_CLOSE: broken,
  UND_ERR_SOCKET: broken,
  ETIMEDOUT: slow,
  ESOCKETTIMEDOUT: slow,
  ERR_SOCKET_CONNECTION_TIMEOUT: slow,
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'CertificateInvalid',
    (host) => `the certificate is not for '${host}'`,
    'use the host name the certificate is for, or have one issued for this host',
  ],
  CERT_HAS_EXPIRED: [
    'CertificateInvalid',
    (host) => `the certificate of '${host}' has expired`,
    'renew the certificate of the store',
  ],
  CERT_NOT_YET_VALID: [
    'CertificateInvalid',
    (host) => `the certificate of '${host}' is not valid yet`,
    'check the clocks of the store and of this machine',
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_REJECTED: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  INVALID_CA: untrusted,
  INVALID_PURPOSE: untrusted,
  EPROTO: notTls,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
};

/** Turns an error of the connection into a {@link StoreError}; `undefined` when it is none. */
export function toTransportError(error: unknown, context: ErrorContext): StoreError | undefined {
  for (const code of codesOf(error)) {
    const row = rowOf(code);
    if (row === undefined) continue;
    const [storeCode, detail, cure] = row;
    return new StoreError(storeCode, {
      ...actionOf(context),
      detail: detail(context.host),
      ...(cure !== undefined && { cure }),
      cause: error,
    });
  }
  return undefined;
}

/** The parts of a context that go into a {@link StoreError}. */
export function actionOf(context: ErrorContext): Pick<StoreErrorOptions, 'action' | 'key'> {
  return { action: context.action, ...(context.key !== undefined && { key: context.key }) };
}

function rowOf(code: string): Row | undefined {
  if (Object.hasOwn(ROWS, code)) return ROWS[code];
  // The HTTP parser gave up: the other side speaks something else.
  return code.startsWith('HPE_') || code.startsWith('ERR_SSL_') ? notTls : undefined;
}

// The codes of an error, its causes and, when several addresses were tried, of each attempt.
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const inner: unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [...own, ...[...inner, error.cause].flatMap((cause) => codesOf(cause, depth + 1))];
}

/** `Retry-After` as milliseconds from now: seconds or an HTTP date; `undefined` when it is neither. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Math.round(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
