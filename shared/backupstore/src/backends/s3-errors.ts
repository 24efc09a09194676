import { StoreError, type StoreErrorCode } from '../errors.ts';
import { actionOf, parseRetryAfter, toTransportError, type ErrorContext } from './transport-errors.ts';

type Row = readonly [code: StoreErrorCode, detail?: string, cure?: string];

const wrongRegion: Row = [
  'Invalid',
  'the bucket is in another region, or behind another endpoint',
  'write the region of the bucket into the URL: s3://bucket@region/path/',
];
const throttled: Row = ['Throttled'];
const expired: Row = ['CredentialInvalid', 'the session token has expired or is not valid', 'renew it in the Secret'];

// Error codes of S3 and its look-alikes; the HTTP status decides about all others.
const ROWS: Readonly<Record<string, Row>> = {
  NoSuchKey: ['NotFound'],
  NotFound: ['NotFound'],
  NoSuchBucket: ['BucketNotFound'],
  AccessDenied: ['AccessDenied'],
  AllAccessDisabled: ['AccessDenied'],
  InvalidAccessKeyId: ['CredentialInvalid', 'the store does not know this access key'],
  InvalidAccessKey: ['CredentialInvalid', 'the store does not know this access key'],
  SignatureDoesNotMatch: ['CredentialInvalid', 'the secret key does not belong to the access key'],
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  InvalidToken: expired,
  TokenRefreshRequired: expired,
  RequestTimeTooSkewed: [
    'Invalid',
    'the clocks of the store and of this machine differ by more than 15 minutes',
    'set both clocks right',
  ],
  CredentialsProviderError: [
    'CredentialInvalid',
    'there are no credentials',
    'put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into the Secret, or give the pod a role (web identity)',
  ],
  SlowDown: throttled,
  SlowDownRead: throttled,
  SlowDownWrite: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  ThrottledException: throttled,
  RequestLimitExceeded: throttled,
  RequestThrottled: throttled,
  TooManyRequests: throttled,
  TooManyRequestsException: throttled,
  BandwidthLimitExceeded: throttled,
  PreconditionFailed: ['AlreadyExists'],
  // Two conditional writes met; the same request tells which one won.
  ConditionalRequestConflict: ['Unavailable', 'another writer is writing the same object'],
  OperationAborted: ['Unavailable', 'another writer is changing the same object'],
  RequestTimeout: ['Timeout'],
  TimeoutError: ['Timeout'],
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  InvalidBucketName: ['Invalid', 'the name of the bucket is not valid', 'correct it in backupTargetURL'],
  InvalidObjectState: ['AccessDenied', 'the object is in an archive class', 'restore it from the archive first'],
  AbortError: ['Cancelled'],
};

const STATUS_ROWS: Readonly<Partial<Record<number, Row>>> = {
  301: wrongRegion,
  302: wrongRegion,
  307: wrongRegion,
  308: wrongRegion,
  401: ['CredentialInvalid'],
  403: ['AccessDenied'],
  404: ['NotFound'],
  408: ['Timeout'],
  412: ['AlreadyExists'],
  429: throttled,
  501: ['Invalid', 'the store does not have this operation'],
};

/** Turns any error of the S3 SDK into a {@link StoreError} with a stable message: no request ids, host ids or times. */
export function toS3Error(error: unknown, context: ErrorContext): StoreError {
  if (error instanceof StoreError) return error;
  const transport = toTransportError(error, context);
  if (transport !== undefined) return transport;
  const facts = factsOf(error);
  const [code, detail, cure] = rowFor(facts);
  const retryAfterMs = parseRetryAfter(facts.retryAfter, Date.now());
  return new StoreError(code, {
    ...actionOf(context),
    ...(detail !== undefined && { detail }),
    ...(cure !== undefined && { cure }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: error,
  });
}

/** What a service error says: its code, its HTTP status, and `Retry-After`. */
export interface ServiceFacts {
  readonly name: string;
  readonly status?: number;
  readonly retryAfter?: string;
}

interface SdkErrorShape {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Record<string, string> };
}

/** Reads these facts from an SDK error, whose shape differs between answers with, without and with a broken body. */
export function factsOf(error: unknown): ServiceFacts {
  if (typeof error !== 'object' || error === null) return { name: '' };
  const record: SdkErrorShape = error;
  const status = record.$metadata?.httpStatusCode ?? record.$response?.statusCode;
  const retryAfter = record.$response?.headers?.['retry-after'];
  const name = [record.Code, record.name].find((text) => typeof text === 'string');
  return {
    name: name ?? '',
    ...(status !== undefined && { status }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

function rowFor({ name, status }: ServiceFacts): Row {
  if (Object.hasOwn(ROWS, name)) return ROWS[name] ?? ['Unavailable'];
  if (status === undefined) return ['Unavailable'];
  // An answer that could not be parsed: an HTML page of something that is no S3 server, or a cut body.
  if (status < 300) return ['Unavailable', 'the answer is not readable'];
  return rowForStatus(status);
}

function rowForStatus(status: number): Row {
  return STATUS_ROWS[status] ?? (status >= 500 ? ['Unavailable'] : ['Invalid']);
}
