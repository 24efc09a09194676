import type { ErrorKind, ErrorRegistry, Reason } from '@mooring/api';

/**
 * Every error of this package. `reason` becomes a condition reason; messages hold no request ids, times, addresses of
 * sockets or secrets, so that the same failure always reads the same (a changing message means a changing condition).
 */
export const backupstoreErrors = {
  NotFound: {
    reason: 'ConfigNotFound',
    kind: 'corrupt',
    httpStatus: 404,
    exitCode: 1,
    template: 'there is no such object',
    cure: 'check the name, and whether something else removes objects from this store',
  },
  BucketNotFound: {
    reason: 'BucketNotFound',
    kind: 'stalled',
    httpStatus: 404,
    exitCode: 1,
    template: 'the bucket or container does not exist',
    cure: 'create it, or correct its name (and region) in backupTargetURL',
  },
  AlreadyExists: {
    reason: 'ReconcileFailed',
    kind: 'conflict',
    httpStatus: 409,
    exitCode: 1,
    template: 'the object exists already',
    cure: 'read it and decide again',
  },
  AccessDenied: {
    reason: 'AccessDenied',
    kind: 'stalled',
    httpStatus: 403,
    exitCode: 1,
    template: 'the store denies access with these credentials',
    cure: 'allow list, read and write on the bucket for this key, or correct the credentials in the Secret',
  },
  CredentialInvalid: {
    reason: 'CredentialInvalid',
    kind: 'stalled',
    httpStatus: 403,
    exitCode: 1,
    template: 'the credentials are not valid',
    cure: 'correct the access key and secret key in the Secret',
  },
  SecretRequired: {
    reason: 'SecretRequired',
    kind: 'stalled',
    httpStatus: 400,
    exitCode: 1,
    template: 'this kind of store needs credentials',
    cure: 'create a Secret with them and name it in credentialSecret',
  },
  SecretNotFound: {
    reason: 'SecretNotFound',
    kind: 'stalled',
    httpStatus: 404,
    exitCode: 1,
    template: 'the Secret does not exist',
    cure: 'create it in the namespace of the backup target, or correct credentialSecret',
  },
  CertificateInvalid: {
    reason: 'CertificateInvalid',
    kind: 'stalled',
    httpStatus: 502,
    exitCode: 1,
    template: "the store's certificate is not trusted",
    cure: 'put the PEM text of the certificate authority that signed it into AWS_CERT or AZBLOB_CERT of the Secret, and use the host name the certificate is for',
  },
  HostNotFound: {
    reason: 'Unavailable',
    kind: 'transient',
    httpStatus: 502,
    exitCode: 1,
    template: "the store's host name cannot be resolved",
    cure: 'correct the host in backupTargetURL or in the endpoint of the Secret, and check DNS',
  },
  ConnectionRefused: {
    reason: 'Unavailable',
    kind: 'transient',
    httpStatus: 502,
    exitCode: 1,
    template: "the store's host refuses connections",
    cure: 'start the store, or correct the port in the endpoint of the Secret',
  },
  Timeout: {
    reason: 'Timeout',
    kind: 'transient',
    httpStatus: 504,
    exitCode: 1,
    template: 'the store did not answer in time',
    cure: 'check the network and the health of the store; it is tried again by itself',
  },
  Throttled: {
    reason: 'Throttled',
    kind: 'transient',
    httpStatus: 429,
    exitCode: 1,
    template: 'the store asks for fewer requests',
    cure: 'it is tried again by itself, more slowly',
  },
  Unavailable: {
    reason: 'Unavailable',
    kind: 'transient',
    httpStatus: 503,
    exitCode: 1,
    template: 'the store is not available',
    cure: 'check the health of the store; it is tried again by itself',
  },
  Corrupt: {
    reason: 'Corrupt',
    kind: 'corrupt',
    httpStatus: 422,
    exitCode: 1,
    template: 'the object is not readable',
    cure: 'restore the object from a copy of the store, or remove it',
  },
  BlockMissing: {
    reason: 'Corrupt',
    kind: 'corrupt',
    httpStatus: 422,
    exitCode: 1,
    template: 'a block of the backup is not in the store',
    cure: 'restore another backup; a full backup of the volume uploads the block again if it still has it',
  },
  BackupInProgress: {
    reason: 'InProgress',
    kind: 'conflict',
    httpStatus: 409,
    exitCode: 1,
    template: 'the backup is still in progress',
    cure: 'wait until it is complete, or delete it if whoever made it is gone',
  },
  DestinationTooSmall: {
    reason: 'ReconcileFailed',
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 1,
    template: 'the destination is smaller than the volume was',
    cure: 'restore into a larger one',
  },
  BlockSizeChanged: {
    reason: 'ReconcileFailed',
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 1,
    template: 'the two backups have different block sizes',
    cure: 'restore the later backup whole',
  },
  URLEmpty: {
    reason: 'URLEmpty',
    kind: 'stalled',
    httpStatus: 400,
    exitCode: 1,
    template: 'backupTargetURL is empty',
    cure: 'set it, e.g. to s3://bucket@region/path/',
  },
  InvalidURL: {
    reason: 'InvalidURL',
    kind: 'stalled',
    httpStatus: 400,
    exitCode: 1,
    template: 'the URL is not valid',
    cure: 'use s3://bucket@region/path/, azblob://container@core.windows.net/path/, nfs://server:/path or cifs://server/share',
  },
  SchemeNotAllowed: {
    reason: 'SchemeNotAllowed',
    kind: 'stalled',
    httpStatus: 400,
    exitCode: 1,
    template: 'this kind of store is not allowed here',
    cure: 'use another scheme, or have an administrator add it to MOORING_ALLOWED_SCHEMES',
  },
  BackendNotInstalled: {
    reason: 'BackendNotInstalled',
    kind: 'stalled',
    httpStatus: 501,
    exitCode: 1,
    template: 'nfs and cifs stores need a store gateway, which is not installed',
    cure: 'use an s3 or azblob target until the gateway is available',
  },
  Invalid: {
    reason: 'Unavailable',
    kind: 'stalled',
    httpStatus: 400,
    exitCode: 1,
    template: 'the store does not accept the request',
    cure: 'check the endpoint, the region and the addressing style (VIRTUAL_HOSTED_STYLE) of the target',
  },
  ReadOnly: {
    reason: 'AccessDenied',
    kind: 'stalled',
    httpStatus: 403,
    exitCode: 1,
    template: 'the store is opened for reading only',
    cure: 'open it for writing',
  },
  UnsupportedCompression: {
    reason: 'Corrupt',
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 1,
    template: 'the compression method is not supported',
    cure: 'use none, gzip or lz4',
  },
  BackupExists: {
    reason: 'ReconcileFailed',
    kind: 'stalled',
    httpStatus: 409,
    exitCode: 1,
    template: 'there is another backup of this name',
    cure: 'use another name: a completed backup is never overwritten',
  },
  InvalidOption: {
    reason: 'ReconcileFailed',
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 1,
    template: 'what is asked for is not valid',
    cure: 'correct it',
  },
  LockLost: {
    reason: 'ReconcileFailed',
    kind: 'transient',
    httpStatus: 409,
    exitCode: 1,
    template: 'the lock on the volume in the store was lost',
    cure: 'try again; if it stays, check the health of the store, and whether something removes its lock files',
  },
  LockBusy: {
    reason: 'ReconcileFailed',
    kind: 'transient',
    httpStatus: 409,
    exitCode: 1,
    template: 'another operation on the volume holds the lock in the store',
    cure: 'it waits its turn; an abandoned lock expires by itself 150 s after its last refresh',
  },
  Cancelled: {
    reason: 'Unavailable',
    kind: 'transient',
    httpStatus: 499,
    exitCode: 1,
    template: 'the call was cancelled',
    cure: 'try again',
  },
} as const satisfies ErrorRegistry;

/** A key of {@link backupstoreErrors}. */
export type StoreErrorCode = keyof typeof backupstoreErrors;

/** What a {@link StoreError} is made from. */
export interface StoreErrorOptions {
  /** The verb and noun, as in `list bucket 'b'`, `read object 'backupstore/…'`. */
  readonly action: string;
  /** Plain words instead of the registry's template; must be stable and free of secrets. */
  readonly detail?: string;
  /** Instead of the registry's cure. */
  readonly cure?: string;
  /** The object's key, when the error is about one object. */
  readonly key?: string;
  /** How long the store asked to wait, milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Any failure of a store; decide on `code` or `kind`, never on `message`. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly kind: ErrorKind;
  /** For the `Ready` condition of the target. */
  readonly reason: Reason;
  /** What the user can do; already part of `message`. */
  readonly cure: string;
  /** What happened, without the cure. */
  readonly detail: string;
  readonly key?: string;
  readonly retryAfterMs?: number;

  constructor(code: StoreErrorCode, options: StoreErrorOptions) {
    const definition = backupstoreErrors[code];
    const detail = options.detail ?? definition.template;
    const cure = options.cure ?? definition.cure;
    super(`failed to ${options.action}: ${detail}; ${cure}`, { cause: options.cause });
    this.code = code;
    this.kind = definition.kind;
    this.reason = definition.reason;
    this.detail = detail;
    this.cure = cure;
    if (options.key !== undefined) this.key = options.key;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether `error` is a {@link StoreError}, of one of `codes` when any are given. */
export function isStoreError(error: unknown, ...codes: StoreErrorCode[]): error is StoreError {
  return error instanceof StoreError && (codes.length === 0 || codes.includes(error.code));
}

/** Throws `Cancelled` when the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined, action: string): void {
  if (signal?.aborted) throw new StoreError('Cancelled', { action, cause: signal.reason });
}
