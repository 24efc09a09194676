/** Every error of this package; docs/errors.md is made from it. */
export const datapathErrors = {
  SourceNotFound: {
    kind: 'stalled',
    httpStatus: 404,
    exitCode: 1,
    template: 'there is no such volume or snapshot',
    cure: 'check its path and name',
  },
  SourceChanged: {
    kind: 'stalled',
    httpStatus: 409,
    exitCode: 1,
    template: 'the source changed its size while it was read',
    cure: 'take a snapshot of it and back that up, or stop what writes to it',
  },
  ReadFailed: {
    kind: 'transient',
    httpStatus: 500,
    exitCode: 1,
    template: 'the source could not be read',
    cure: 'check the disk and the permissions of the source',
  },
  WriteFailed: {
    kind: 'transient',
    httpStatus: 500,
    exitCode: 1,
    template: 'the destination could not be written',
    cure: 'check the disk and the permissions of the destination',
  },
  DestinationTooSmall: {
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 1,
    template: 'the destination is smaller than the volume',
    cure: 'restore into a larger one',
  },
  InsufficientSpace: {
    kind: 'stalled',
    httpStatus: 507,
    exitCode: 1,
    template: 'there is not enough space',
    cure: 'free some, or use another disk',
  },
  AlreadyExists: {
    kind: 'conflict',
    httpStatus: 409,
    exitCode: 1,
    template: 'there is such a snapshot already',
    cure: 'use it, or choose another name',
  },
} as const;

/** A key of {@link datapathErrors}. */
export type DataPathErrorCode = keyof typeof datapathErrors;

/** What a {@link DataPathError} is made from. */
export interface DataPathErrorOptions {
  /** The verb and noun, as in `read volume '/data/v.img'`. */
  readonly action: string;
  /** Plain words instead of the registry's template; stable. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** Any failure of a data path; decide on `code` or `kind`, never on `message`. */
export class DataPathError extends Error {
  override readonly name = 'DataPathError';
  readonly code: DataPathErrorCode;
  readonly kind: (typeof datapathErrors)[DataPathErrorCode]['kind'];
  /** What the user can do; already part of `message`. */
  readonly cure: string;

  constructor(code: DataPathErrorCode, options: DataPathErrorOptions) {
    const { template, cure, kind } = datapathErrors[code];
    super(`failed to ${options.action}: ${options.detail ?? template}; ${cure}`, { cause: options.cause });
    this.code = code;
    this.kind = kind;
    this.cure = cure;
  }
}

/** Whether `error` is a {@link DataPathError}, of one of `codes` when any are given. */
export function isDataPathError(error: unknown, ...codes: DataPathErrorCode[]): error is DataPathError {
  return error instanceof DataPathError && (codes.length === 0 || codes.includes(error.code));
}
