import { isStoreError, throwIfCancelled } from '../errors.ts';
import { systemStoreClock, type StoreClock } from '../wrappers/invoke.ts';
import { findBlocker, type SeenLock } from './judge.ts';
import { LockFile } from './lock-file.ts';
import { readLocks, removeOwnExpired } from './read-locks.ts';
import type { HeldLock, LockOptions } from './types.ts';

// Longhorn's: how long a lock file must have been there before its owner looks at the others (§4).
const CHECK_WAIT_MS = 2_000;
const REFRESH_MS = 60_000;
// After a failed refresh; several fit into the 40 s before trust ends.
const REFRESH_RETRY_MS = 5_000;
// How often a waiting one looks again: a LIST and a GET for each lock.
const POLL_MS = 5_000;
// A lock file that is gone as soon as it is written: the volume is being removed, or the store says what is not so.
const MAX_VANISHED = 3;

/**
 * Runs `work` under a lock that any Longhorn on the same store respects, and the other way round (backupstore-format §4).
 * Waits as long as another writer is before it, without a lock file of its own meanwhile: a waiting file would make
 * Longhorn's own backups fail. Removes expired locks that Mooring left. Refreshes every 60 s; after 100 s without
 * success, or when the file is gone, `lock.lost` fires and `assertHeld` throws.
 *
 * Throws what `work` throws, `Cancelled` when `signal` ends the wait, or the store's error.
 */
export async function withLock<T>(options: LockOptions, work: (lock: HeldLock) => Promise<T>): Promise<T> {
  const clock = options.clock ?? systemStoreClock;
  const lock = await acquire(options, clock);
  const ended = new AbortController();
  const refreshing = keepFresh(lock, clock, ended.signal);
  try {
    return await work(lock);
  } finally {
    ended.abort('ended');
    await refreshing;
    await release(lock, options);
  }
}

async function acquire(options: LockOptions, clock: StoreClock): Promise<LockFile> {
  for (let vanished = 0; ;) {
    throwIfCancelled(options.signal, 'wait for the lock');
    const lock = new LockFile(options, clock);
    let blocker: SeenLock | undefined;
    try {
      blocker = await attempt(lock, options, clock);
      if (blocker === undefined) return lock;
      await lock.remove();
    } catch (error) {
      // MUST: a file left behind blocks deletions for 150 s.
      await release(lock, options);
      vanished += 1;
      if (!isStoreError(error, 'LockLost') || vanished === MAX_VANISHED) throw error;
    }
    if (blocker !== undefined) await waitFor(blocker, lock, { options, clock });
  }
}

// Whom to wait for; the lock is held when nobody.
async function attempt(lock: LockFile, options: LockOptions, clock: StoreClock): Promise<SeenLock | undefined> {
  await lock.write(false);
  await clock.sleep(CHECK_WAIT_MS - lock.sinceWriteMs, options.signal);
  throwIfCancelled(options.signal, 'wait for the lock');
  const lookedMs = clock.now();
  const others = await readLocks(options, lock.name);
  const blocker = findBlocker(lock.seen(options.type, false), others, lock.storeNowMs());
  if (blocker !== undefined) return blocker;
  await removeOwnExpired(options, others, lock.storeNowMs());
  lock.assertHeld();
  await lock.write(true);
  if (clock.now() - lock.sinceWriteMs - lookedMs < CHECK_WAIT_MS) return undefined;
  // MUST: who came after that look may have looked before this file said "acquired", and seen itself first. Longhorn looks no more, so we give way.
  return findBlocker(behindAll(lock, options), await readLocks(options, lock.name), lock.storeNowMs());
}

// As one that everybody else is before.
function behindAll(lock: LockFile, { type }: LockOptions): SeenLock {
  return { ...lock.seen(type, false), mtimeMs: Infinity };
}

interface Waiting {
  readonly options: LockOptions;
  readonly clock: StoreClock;
}

// `lock` is only asked for the store's time here.
async function waitFor(first: SeenLock, lock: LockFile, { options, clock }: Waiting): Promise<void> {
  const last = behindAll(lock, options);
  let told: string | undefined;
  for (let blocker: SeenLock | undefined = first; blocker !== undefined;) {
    if (told !== blocker.name) {
      options.onWaiting?.({ reason: reasonOf(blocker), blockedBy: blocker.name, type: blocker.type });
      told = blocker.name;
    }
    await clock.sleep(POLL_MS, options.signal);
    throwIfCancelled(options.signal, 'wait for the lock');
    blocker = findBlocker(last, await readLocks(options), lock.storeNowMs());
  }
}

function reasonOf({ name, type }: SeenLock): string {
  const kinds: Readonly<Record<number, string>> = { 1: 'a backup or restore', 2: 'a deletion' };
  return `waiting for ${kinds[type] ?? 'an operation'} of the same volume, which holds '${name}' in the store`;
}

// Ends with the signal, or when the lock is lost. Never throws.
async function keepFresh(lock: LockFile, clock: StoreClock, ended: AbortSignal): Promise<void> {
  for (let waitMs = REFRESH_MS; !lock.lost.aborted;) {
    await clock.sleep(Math.max(0, Math.min(waitMs, lock.trustMs)), ended);
    if (ended.aborted) return;
    waitMs = (await tryRefresh(lock, clock, ended)) ? REFRESH_MS : REFRESH_RETRY_MS;
    if (lock.trustMs <= 0) lock.lose();
  }
}

// A refresh that hangs must not keep the watch from ending the trust.
async function tryRefresh(lock: LockFile, clock: StoreClock, ended: AbortSignal): Promise<boolean> {
  if (lock.trustMs <= 0) return false;
  const timer = new AbortController();
  const stop = (): void => {
    timer.abort('ended');
  };
  ended.addEventListener('abort', stop, { once: true });
  const refreshed = lock.refresh().then(
    () => true,
    () => false,
  );
  const late = clock.sleep(lock.trustMs, timer.signal).then(() => false);
  try {
    return await Promise.race([refreshed, late]);
  } finally {
    stop();
    ended.removeEventListener('abort', stop);
  }
}

// Harmless when it fails: the file expires by itself, and the next run removes it.
async function release(lock: LockFile, options: LockOptions): Promise<void> {
  if (lock.lost.aborted) return;
  await lock.remove().catch(() => {
    options.log?.(`lock '${lock.name}' could not be removed; it expires by itself`);
  });
}
