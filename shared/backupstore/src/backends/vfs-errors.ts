import { StoreError, type StoreErrorCode } from '../errors.ts';

const CODES: Readonly<Record<string, StoreErrorCode>> = {
  ENOENT: 'NotFound',
  ENOTDIR: 'NotFound',
  EISDIR: 'NotFound',
  EACCES: 'AccessDenied',
  EPERM: 'AccessDenied',
  EROFS: 'ReadOnly',
  EEXIST: 'AlreadyExists',
  ELOOP: 'Invalid',
  ENAMETOOLONG: 'Invalid',
};

const DETAILS: Readonly<Record<string, { detail: string; cure: string }>> = {
  EACCES: { detail: 'permission denied', cure: 'let this process read and write the directory of the store' },
  EPERM: { detail: 'operation not permitted', cure: 'let this process read and write the directory of the store' },
  EROFS: { detail: 'the file system is read-only', cure: 'mount it for writing' },
  ELOOP: { detail: 'it is a symbolic link', cure: 'put the file itself there: links are not followed inside a store' },
  ENAMETOOLONG: { detail: 'the name is too long for this file system', cure: 'use a shorter name' },
  ENOSPC: { detail: 'the disk is full', cure: 'free some space' },
  EDQUOT: { detail: 'the disk quota is exceeded', cure: 'free some space or raise the quota' },
  ENOTSUP: { detail: 'the file system cannot do this', cure: 'use a file system with hard links and rename' },
};

/** The `code` of a Node system error, such as `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Turns a file system error into a {@link StoreError}; one that is none already passes through. */
export function toVfsError(error: unknown, action: string, key?: string): StoreError {
  if (error instanceof StoreError) return error;
  const errno = errnoOf(error) ?? '';
  return new StoreError(CODES[errno] ?? 'Unavailable', {
    action,
    cause: error,
    ...DETAILS[errno],
    ...(key !== undefined && { key }),
  });
}
