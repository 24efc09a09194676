import { StoreError, type StoreErrorCode } from '../errors.ts';
import { actionOf, parseRetryAfter, toTransportError, type ErrorContext } from './transport-errors.ts';

type Row = readonly [code: StoreErrorCode, detail?: string, cure?: string];

const badKey: Row = [
  'CredentialInvalid',
  'the account key does not belong to the account',
  'correct AZBLOB_ACCOUNT_NAME and AZBLOB_ACCOUNT_KEY in the Secret, and check the clock of this machine',
];

// Error codes of the Blob service; the HTTP status decides about all others.
const ROWS: Readonly<Record<string, Row>> = {
  BlobNotFound: ['NotFound'],
  ResourceNotFound: ['NotFound'],
  ContainerNotFound: ['BucketNotFound'],
  ContainerBeingDeleted: ['BucketNotFound', 'the container is being deleted'],
  BlobAlreadyExists: ['AlreadyExists'],
  ConditionNotMet: ['AlreadyExists'],
  AuthenticationFailed: badKey,
  InvalidAuthenticationInfo: badKey,
  NoAuthenticationInformation: badKey,
  AuthorizationFailure: ['AccessDenied'],
  AuthorizationPermissionMismatch: ['AccessDenied'],
  InsufficientAccountPermissions: ['AccessDenied'],
  AccountIsDisabled: ['AccessDenied', 'the storage account is disabled', 'enable it, or use another'],
  BlobArchived: ['AccessDenied', 'the object is in the archive tier', 'move it to the hot or cool tier first'],
  ServerBusy: ['Throttled'],
  OperationTimedOut: ['Timeout'],
  InvalidResourceName: [
    'Invalid',
    'the name of the container is not valid',
    'correct it in backupTargetURL (3 to 63 lower-case letters, digits and dashes)',
  ],
  PARSE_ERROR: ['Unavailable', 'the answer is not readable'],
};

const STATUS_ROWS: Readonly<Partial<Record<number, Row>>> = {
  401: ['AccessDenied'],
  403: ['AccessDenied'],
  404: ['NotFound'],
  409: ['AlreadyExists'],
  412: ['AlreadyExists'],
  429: ['Throttled'],
};

interface RestErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: { readonly errorCode?: unknown };
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
}

/** Turns any error of the Azure SDK into a {@link StoreError} with a stable message: no request ids or times. */
export function toAzblobError(error: unknown, context: ErrorContext): StoreError {
  if (error instanceof StoreError) return error;
  const transport = toTransportError(error, context);
  if (transport !== undefined) return transport;
  const shape: RestErrorShape = typeof error === 'object' && error !== null ? error : {};
  if (shape.name === 'AbortError') return new StoreError('Cancelled', { ...actionOf(context), cause: error });
  const [code, detail, cure] = rowFor(shape);
  const retryAfterMs = parseRetryAfter(shape.response?.headers?.get('retry-after'), Date.now());
  return new StoreError(code, {
    ...actionOf(context),
    ...(detail !== undefined && { detail }),
    ...(cure !== undefined && { cure }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  });
}

/** The HTTP status of an SDK error; `undefined` when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null ? (error as RestErrorShape).statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

function rowFor(shape: RestErrorShape): Row {
  for (const code of [shape.code, shape.details?.errorCode]) {
    if (typeof code === 'string' && Object.hasOwn(ROWS, code)) return ROWS[code] ?? ['Unavailable'];
  }
  const status = statusOf(shape) ?? 0;
  return STATUS_ROWS[status] ?? (status >= 300 && status < 500 ? ['Invalid'] : ['Unavailable']);
}
