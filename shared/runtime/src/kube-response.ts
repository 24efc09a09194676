import { ApiError, ConnectionError, type ApiErrorDetails } from './errors.ts';

/** An answer that says no. */
export interface FailedAnswer {
  readonly method: string;
  /** Its query is dropped. */
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Kubernetes' `Status` object. */
export interface KubeStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: ApiErrorDetails;
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'read',
  POST: 'create',
  PUT: 'replace',
  PATCH: 'patch',
  DELETE: 'delete',
  WATCH: 'watch',
};

/** Longest part of the server's own words that is kept, characters. */
const MAX_MESSAGE_LENGTH = 1_000;

/** Delay before 429 without Retry-After is tried again, milliseconds: doubled each attempt from here. */
const THROTTLED_DELAY_MS = 500;

/** Longest Retry-After that a single call waits for; beyond it the caller decides. */
const MAX_RETRY_AFTER_MS = 30_000;

/** Builds the error for an answer. What the server says about a Secret is left out: it may quote values. */
export function apiErrorFrom(answer: FailedAnswer): ApiError {
  const status = parseStatus(answer.text);
  const path = answer.path.split('?', 1)[0] ?? '';
  const isSecret = /\/secrets(\/|$)/.test(path);
  const reason = reasonOf(status, answer.status);
  const words = (isSecret ? undefined : status.message) ?? `${answer.status} ${reason}`;
  return new ApiError({
    status: answer.status,
    reason,
    message: `failed to ${VERBS[answer.method] ?? answer.method} '${path}': ${words.slice(0, MAX_MESSAGE_LENGTH)}`,
    details: keptDetails(status.details, isSecret),
    retryAfterMs: retryAfterMs(answer.headers['retry-after'], status.details),
  });
}

/** Builds the error for an ERROR event in a watch. */
export function apiErrorFromStatus(status: KubeStatus, path: string): ApiError {
  const code = status.code ?? 500;
  return apiErrorFrom({ method: 'WATCH', path, status: code, headers: {}, text: JSON.stringify(status) });
}

/** Parses a JSON answer. Throws ConnectionError `Malformed`, without the text. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one place where the server's JSON gets its type
export function parseBody<T>(text: string, path: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const where = path.split('?', 1)[0] ?? '';
    throw new ConnectionError('Malformed', `failed to read the answer for '${where}': it is no JSON`, scrubbed(cause));
  }
}

/**
 * How long to wait before the same call is sent again; undefined: do not. As client-go: 429 always, 5xx only when the server gave
 * Retry-After (then nothing was done). Jitter keeps a fleet from coming back in one instant.
 */
export function retryDelayMs(error: ApiError, attempt: number): number | undefined {
  const asked = error.retryAfterMs;
  if (asked !== undefined && asked > MAX_RETRY_AFTER_MS) return undefined;
  if (error.status !== 429 && (error.status < 500 || asked === undefined)) return undefined;
  const baseMs = asked ?? THROTTLED_DELAY_MS * 2 ** (attempt - 1);
  return baseMs * (1 + Math.random() / 4);
}

/** V8 quotes the text in its message, and the text may be a Secret: only the kind of error is kept. */
function scrubbed(cause: unknown): Error {
  return new SyntaxError(cause instanceof Error ? cause.name : 'SyntaxError');
}

/** The Status in an answer; empty when there is none (a proxy's error page). */
function parseStatus(text: string): KubeStatus {
  try {
    const parsed: unknown = JSON.parse(text);
    const isStatus = typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status';
    return isStatus ? (parsed as KubeStatus) : {};
  } catch {
    return {};
  }
}

function keptDetails(details: ApiErrorDetails | undefined, isSecret: boolean): ApiErrorDetails {
  if (details === undefined) return {};
  const { kind, name, causes, retryAfterSeconds } = details;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(name === undefined ? {} : { name }),
    ...(causes === undefined || isSecret ? {} : { causes }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function retryAfterMs(header: string | string[] | undefined, details: ApiErrorDetails | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  const seconds = text === undefined ? details?.retryAfterSeconds : Number(text);
  if (seconds === undefined || !Number.isFinite(seconds) || seconds <= 0) return undefined;
  return seconds * 1000;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function reasonOf(status: KubeStatus, code: number): string {
  const own = status.reason ?? '';
  return own === '' ? (REASONS[code] ?? 'Unknown') : own;
}
