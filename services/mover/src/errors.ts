import type { ErrorKind, ErrorRegistry } from '@mooring/api';

/** Every error of this package; a `stalled` one ends the Job, any other lets it try again. */
export const moverErrors = {
  ObjectGone: {
    kind: 'stalled',
    httpStatus: 410,
    exitCode: 2,
    template: 'the object that this run is for is gone, is being deleted, or is another one of the same name',
    cure: 'nothing was done; whoever made this Job removes it',
  },
  NotDeleted: {
    kind: 'stalled',
    httpStatus: 409,
    exitCode: 2,
    template: 'the Snapshot is not being deleted',
    cure: 'delete the Snapshot object; its data go with it',
  },
  ReferenceNotFound: {
    kind: 'stalled',
    httpStatus: 404,
    exitCode: 2,
    template: 'an object that is needed does not exist',
    cure: 'create it, or correct its name',
  },
  SourceNotSupported: {
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 2,
    template: 'this version has no engine for the source of this volume',
    cure: 'set spec.source.file.path of the Volume to an absolute path',
  },
  SnapshotNotReady: {
    kind: 'transient',
    httpStatus: 409,
    exitCode: 1,
    template: 'the snapshot is not taken yet',
    cure: 'wait until its status.readyToUse is true; it is tried again by itself',
  },
  StoreChanged: {
    kind: 'stalled',
    httpStatus: 409,
    exitCode: 2,
    template: 'the target is another store now than the one that the object names',
    cure: 'put the old URL back, or make another backup',
  },
  OrdersInvalid: {
    kind: 'stalled',
    httpStatus: 422,
    exitCode: 2,
    template: 'the orders of this run cannot be followed',
    cure: 'correct the environment variables of the Job',
  },
} as const satisfies ErrorRegistry;

/** A key of {@link moverErrors}. */
export type MoverErrorCode = keyof typeof moverErrors;

/** Any refusal of the mover itself; decide on `code` or `kind`, never on `message`. */
export class MoverError extends Error {
  override readonly name = 'MoverError';
  readonly code: MoverErrorCode;
  readonly kind: ErrorKind;

  /** `action`: the verb and noun, as in `back up volume 'v'`; `detail`: stable plain words instead of the registry's. */
  constructor(
    code: MoverErrorCode,
    options: { readonly action: string; readonly detail?: string; readonly cause?: unknown },
  ) {
    const { template, cure, kind } = moverErrors[code];
    super(`failed to ${options.action}: ${options.detail ?? template}; ${cure}`, { cause: options.cause });
    this.code = code;
    this.kind = kind;
  }
}

/** Whether `error` is a {@link MoverError} of that code. */
export function isMoverError(error: unknown, code: MoverErrorCode): error is MoverError {
  return error instanceof MoverError && error.code === code;
}
