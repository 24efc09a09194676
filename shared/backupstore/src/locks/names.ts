import { createHash, randomBytes } from 'node:crypto';
import { BACKING_IMAGE_LOCK_HOME, locksPrefix } from '../layout.ts';
import type { LockTarget } from './types.ts';

const LOCK_NAME = /^lock-([0-9a-f]{8})([0-9a-f]{8})$/;
const LOCK_FILE_SUFFIX = '.lck';

/**
 * A new name, `lock-<16 hex>` as Longhorn's, of which the last eight digits follow from the first: so a lock that a
 * killed Mooring left is told from a foreign one, which is never removed (by chance one in 2^32 is taken for ours).
 */
export function newLockName(): string {
  const random = randomBytes(4).toString('hex');
  return `lock-${random}${markOf(random)}`;
}

/** Whether some Mooring made this name. */
export function isOwnLockName(name: string): boolean {
  const [, random, mark] = LOCK_NAME.exec(name) ?? [];
  return random !== undefined && mark === markOf(random);
}

/** Where the locks of a target lie, with the trailing slash. */
export function lockFolder(target: LockTarget): string {
  return locksPrefix('volume' in target ? target.volume : BACKING_IMAGE_LOCK_HOME);
}

/** Key of a lock's file. */
export function lockKey(target: LockTarget, name: string): string {
  return `${lockFolder(target)}${name}${LOCK_FILE_SUFFIX}`;
}

/** Whether a key below the folder is a lock's file; leftovers of writes are none. */
export function isLockKey(key: string): boolean {
  return key.endsWith(LOCK_FILE_SUFFIX);
}

function markOf(random: string): string {
  return createHash('sha256').update(`mooring lock ${random}`).digest('hex').slice(0, 8);
}
