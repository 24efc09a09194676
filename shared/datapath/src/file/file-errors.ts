import { DataPathError, isDataPathError, type DataPathErrorCode } from '../errors.ts';

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** The `errno` name of a system error; `''` for any other. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What a system error means when reading: `SourceNotFound` or `ReadFailed`. One of ours stays. */
export function toReadError(error: unknown, action: string): DataPathError {
  if (isDataPathError(error)) return error;
  return wrap(ABSENT.has(errnoOf(error)) ? 'SourceNotFound' : 'ReadFailed', error, action);
}

/** What a system error means when writing: `InsufficientSpace` or `WriteFailed`. One of ours stays. */
export function toWriteError(error: unknown, action: string): DataPathError {
  if (isDataPathError(error)) return error;
  return wrap(NO_SPACE.has(errnoOf(error)) ? 'InsufficientSpace' : 'WriteFailed', error, action);
}

function wrap(code: DataPathErrorCode, cause: unknown, action: string): DataPathError {
  const errno = errnoOf(cause);
  const isPlain = errno === '' || code === 'SourceNotFound' || code === 'InsufficientSpace';
  return new DataPathError(code, { action, cause, ...(!isPlain && { detail: `the system says ${errno}` }) });
}
