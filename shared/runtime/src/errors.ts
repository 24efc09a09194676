/** How the cause of a failure is met: `stalled` the user must act · `transient` try again · `conflict` read again · `corrupt` data are damaged. */
export type ErrorKind = 'stalled' | 'transient' | 'conflict' | 'corrupt';

/** The part of a Kubernetes Status that is kept: names and reasons, never values. */
export interface ApiErrorDetails {
  readonly kind?: string;
  readonly name?: string;
  /** Machine-readable causes, e.g. `{reason: 'FieldValueInvalid', field: 'spec.x'}`. */
  readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
  readonly retryAfterSeconds?: number;
}

/** What `ApiError` is built from. */
export interface ApiErrorInit {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: ApiErrorDetails;
  readonly retryAfterMs?: number | undefined;
}

/**
 * The API server answered with an error. Carries no request, no headers and no body: what is logged or written to a status cannot leak a secret.
 * `kind` is `conflict` for a lost update, else `transient`: rights, quotas and webhooks get repaired while we wait.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly status: number;
  /** Kubernetes' reason, e.g. `NotFound`, `AlreadyExists`, `Conflict`, `Expired`; `Unknown` when the server gave none. */
  readonly reason: string;
  readonly details: ApiErrorDetails;
  readonly kind: ErrorKind;
  /** What Retry-After asked for, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(init: ApiErrorInit) {
    super(init.message);
    this.status = init.status;
    this.reason = init.reason;
    this.details = init.details ?? {};
    this.retryAfterMs = init.retryAfterMs;
    this.kind = init.status === 409 && init.reason !== 'AlreadyExists' ? 'conflict' : 'transient';
  }
}

/** Why no answer came. `Timeout`: the call's deadline passed; `Aborted`: the caller's signal; `Stalled`: a stream went silent; `Malformed`: the answer is no JSON. */
export type ConnectionErrorReason = 'Unreachable' | 'Timeout' | 'Aborted' | 'Stalled' | 'Malformed';

/** No (usable) answer from the API server. `code` is the system's, e.g. `ECONNREFUSED`. A write may or may not have happened. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly reason: ConnectionErrorReason;
  readonly code: string | undefined;
  readonly kind: ErrorKind = 'transient';

  constructor(reason: ConnectionErrorReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
    this.code = systemCode(cause);
  }
}

/** A write was refused, before it was sent, because this process no longer holds the lease: another one may be writing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly reason = 'LeaseLost';
  readonly kind: ErrorKind = 'transient';
}

function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True when the object (or its type) does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** True when somebody else changed the object first, or a precondition (uid, resourceVersion) no longer holds. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.kind === 'conflict';
}

/** True when a create met an object of that name. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.reason === 'AlreadyExists';
}

/** True when the resourceVersion or continue token is too old (410): list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}
