import { isStoreError } from '../errors.ts';
import { decodeLock } from '../format/lock.ts';
import { listPages } from '../scan/list-all.ts';
import { isExpired, type SeenLock } from './judge.ts';
import { isLockKey, isOwnLockName, lockFolder, lockKey } from './names.ts';
import type { LockOptions } from './types.ts';

// Keys are read first; LISTs of locks are small, and a page per 1,000 locks needs no care.
const NAME_IN_KEY = /([^/]+)\.lck$/;

/**
 * All locks of the target but the one named `own`. A file that vanished meanwhile is none; one that is no lock file is
 * passed over with a line in the log, as Longhorn does. Throws the store's error.
 */
export async function readLocks(options: LockOptions, own?: string): Promise<SeenLock[]> {
  const { store, signal, log } = options;
  const locks: SeenLock[] = [];
  const keys: string[] = [];
  for await (const page of listPages(store, { prefix: lockFolder(options), signal })) {
    keys.push(...page.objects.map((object) => object.key).filter(isLockKey));
  }
  for (const key of keys) {
    const name = NAME_IN_KEY.exec(key)?.[1] ?? key;
    if (name === own) continue;
    try {
      const { body, mtimeMs } = await store.get({ key, ...(signal !== undefined && { signal }) });
      const { type, acquired } = decodeLock(body, { key });
      // By the file's name, not the name inside: that is what the others delete and compare.
      locks.push({ name, type, acquired, mtimeMs });
    } catch (error) {
      if (isStoreError(error, 'Corrupt')) log?.(`lock file '${key}' is unreadable and passed over`);
      else if (!isStoreError(error, 'NotFound')) throw error;
    }
  }
  return locks;
}

/** Removes the expired locks among `locks` that some Mooring left; foreign ones stay. Throws the store's error. */
export async function removeOwnExpired(
  options: LockOptions,
  locks: readonly SeenLock[],
  storeNowMs: number,
): Promise<void> {
  const expired = locks.filter((lock) => isOwnLockName(lock.name) && isExpired(lock, storeNowMs));
  if (expired.length === 0) return;
  const { store, signal, log } = options;
  await store.delete(
    expired.map((lock) => lockKey(options, lock.name)),
    signal === undefined ? {} : { signal },
  );
  for (const { name } of expired) log?.(`expired lock '${name}' of an earlier run was removed`);
}
