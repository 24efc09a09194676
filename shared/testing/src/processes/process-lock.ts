import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { formatIdentity, identify, isRunning, parseIdentity, type ProcessIdentity } from './process-identity.ts';

/** A lock file held by this process. */
export interface ProcessLock {
  path: string;
  /** Gives the lock back; harmless when called twice. */
  release(): Promise<void>;
}

/** Who holds a lock that could not be had. */
export class LockHeldError extends Error {
  readonly holder: ProcessIdentity;
  constructor(path: string, holder: ProcessIdentity) {
    super(`failed to take lock '${path}': process ${String(holder.pid)} holds it`);
    this.name = 'LockHeldError';
    this.holder = holder;
  }
}

/** How long a takeover of a dead holder's lock may last before it counts as dead itself (it takes microseconds). */
const TAKEOVER_STALE_MS = 10_000;

/** Time between two looks at a lock that another process holds. */
const POLL_MS = 200;

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return parseIdentity(text);
}

/** Creates the lock file with its content in one step (link), so that nobody ever reads it half-written. */
async function createWithContent(path: string, own: ProcessIdentity): Promise<boolean> {
  const draft = `${path}.${String(own.pid)}.${String(process.hrtime.bigint())}`;
  await writeFile(draft, formatIdentity(own));
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes a dead holder's lock file; a second file, created exclusively, keeps two processes from doing so at once. */
async function removeStale(path: string, own: ProcessIdentity): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await createWithContent(guard, own))) {
    const age = await stat(guard).then(
      (s) => Date.now() - s.mtimeMs,
      () => 0,
    );
    if (age > TAKEOVER_STALE_MS) await rm(guard, { force: true });
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder === undefined || !isRunning(holder)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/**
 * Takes the lock file `path` (`<pid> <start ticks>\n`) for this process. The lock of a process that no longer runs is
 * taken over (`onStale` is told). Throws LockHeldError when a live process holds it. Not re-entrant.
 */
export async function takeLock(
  path: string,
  onStale?: (holder: ProcessIdentity | undefined) => void,
): Promise<ProcessLock> {
  const own = identify(process.pid);
  for (;;) {
    if (await createWithContent(path, own)) {
      return { path, release: () => rm(path, { force: true }) };
    }
    const holder = await readHolder(path);
    if (holder !== undefined && isRunning(holder)) throw new LockHeldError(path, holder);
    await removeStale(path, own);
    onStale?.(holder);
  }
}

/** Like `takeLock`, but waits for a live holder; `onWait` is told once whom it waits for. */
export async function waitForLock(path: string, onWait?: (holder: ProcessIdentity) => void): Promise<ProcessLock> {
  let isTold = false;
  for (;;) {
    try {
      return await takeLock(path);
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      if (!isTold) onWait?.(error.holder);
      isTold = true;
      await delay(POLL_MS);
    }
  }
}
