import { StoreError } from '../errors.ts';
import { isExpired } from '../locks/judge.ts';
import { readLocks } from '../locks/read-locks.ts';
import { lockTypes, type HeldLock, type LockOptions } from '../locks/types.ts';
import { listPages } from '../scan/list-all.ts';
import type { ObjectStore } from '../store.ts';
import type { BlockPool, PoolConfig } from './block-pool.ts';
import { SHORTEST_ELEMENT_BYTES } from '../format/block-list-reader.ts';
import { KeyRemover } from './key-remover.ts';
import { markBlocks, type ReadPoolConfig } from './mark-blocks.ts';
import { MarkSet } from './mark-set.ts';
import type { SweepResult } from './types.ts';

// Another deletion at the same time changes the set of configs; each pass leaves it one less to do.
const MAX_PASSES = 5;
/** Design §6: an in-progress config this old, with no live backup's lock, is left by a run that will not come back. Milliseconds. */
export const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** What a sweep works with. */
export interface SweepContext {
  readonly store: ObjectStore;
  /** Of type 2: no backup is being made meanwhile. */
  readonly lock: HeldLock;
  /** As the lock was taken, to find the locks of others. */
  readonly lockOptions: LockOptions;
  /** Key of the config that was removed before. */
  readonly removed: string;
  /** Fires too when the lock is lost. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
  /** Called when all configs are known to be read and none changed, before the first block is removed. */
  readonly onConfigs: (configs: readonly ReadPoolConfig[]) => Promise<void>;
}

/**
 * Removes every block that no config refers to, orphans of crashed runs too: all configs are read first, then the blocks are
 * taken from one flat LIST and removed as they come. MUST: nothing is removed while any config is unreadable or in
 * progress, or when the set of configs changed while they were read; `skipped` says so. Memory: see {@link MarkSet}.
 */
export async function sweepPool(pool: BlockPool, context: SweepContext): Promise<SweepResult> {
  let result: SweepResult = { blocksRemoved: 0, blocksKept: 0 };
  let start = 0;
  for (let passes = 0; start < MarkSet.END;) {
    if (passes++ === MAX_PASSES) return { ...result, skipped: `${pool.noun}s changed while their blocks were counted` };
    const configs = await listTrusted(pool, context);
    const marks = new MarkSet({ start, expected: largestList(configs) });
    const marked = await markBlocks(pool, configs, { marks, signal: context.signal });
    const isStable = !marked.hasChanged && isSameSet(configs, await pool.list(context.signal));
    if (!isStable || (await clearAbandoned(pool, marked.configs, context))) continue;
    if (start === 0) await context.onConfigs(marked.configs);
    if (marked.obstacle !== undefined) return { ...result, skipped: marked.obstacle };
    const swept = await sweepMarked(pool, marks, context);
    result = {
      blocksRemoved: result.blocksRemoved + swept.blocksRemoved,
      blocksKept: result.blocksKept + swept.blocksKept,
    };
    start = marks.end;
    passes = 0;
  }
  return result;
}

// References that the largest config can hold; the others mostly refer to the same blocks.
function largestList(configs: readonly PoolConfig[]): number {
  return configs.reduce((most, { size }) => Math.max(most, size / SHORTEST_ELEMENT_BYTES), 0);
}

// MUST: a store that answers "nothing" after an outage would have every block removed. So nothing is believed only from a
// store that lists our own lock, and a config that was removed must be gone.
async function listTrusted(pool: BlockPool, context: SweepContext): Promise<readonly PoolConfig[]> {
  const { store, lock, signal, removed } = context;
  const configs = await pool.list(signal);
  if (configs.some(({ key }) => key === removed)) {
    const detail = 'it is still there after it was deleted';
    throw new StoreError('Unavailable', { action: `delete object '${removed}'`, detail, key: removed });
  }
  if (configs.length > 0) return configs;
  for await (const page of listPages(store, { prefix: lock.key, signal })) {
    if (page.objects.some(({ key }) => key === lock.key)) return configs;
  }
  const detail = 'the store lists nothing, not even our own lock';
  throw new StoreError('Unavailable', { action: `list ${pool.noun}s`, detail });
}

async function sweepMarked(pool: BlockPool, marks: MarkSet, context: SweepContext): Promise<SweepResult> {
  const remover = new KeyRemover(context);
  let blocksKept = 0;
  try {
    for await (const page of listPages(context.store, { prefix: pool.blocksPrefix, signal: context.signal })) {
      for (const { key } of page.objects) {
        const checksum = key.slice(-68, -4);
        // Anything that is no block in its place is not ours to judge.
        if (key !== pool.keyOf(checksum) || !/^[0-9a-f]{64}$/.test(checksum) || !marks.covers(checksum)) continue;
        if (marks.has(checksum)) blocksKept += 1;
        else await remover.add(key);
      }
    }
    await remover.end();
  } catch (error) {
    await remover.stop();
    throw error;
  }
  return { blocksRemoved: remover.removed, blocksKept };
}

// Removes in-progress configs that nobody will complete. Whether there were any.
async function clearAbandoned(
  { noun }: BlockPool,
  configs: readonly ReadPoolConfig[],
  { store, lock, lockOptions, signal, log }: SweepContext,
): Promise<boolean> {
  const isOld = ({ mtimeMs }: PoolConfig): boolean => lock.storeNowMs() - mtimeMs > ABANDONED_AFTER_MS;
  const abandoned = configs.filter((config) => !config.isComplete && isOld(config));
  if (abandoned.length === 0) return false;
  const locks = await readLocks(lockOptions, lock.name);
  if (locks.some((other) => other.type !== lockTypes.deletion && !isExpired(other, lock.storeNowMs()))) return false;
  lock.assertHeld();
  await store.delete(
    abandoned.map(({ key }) => key),
    { signal },
  );
  for (const { name } of abandoned) log(`${noun} '${name}', in progress for over 24 hours, was removed as abandoned`);
  return true;
}

function isSameSet(before: readonly PoolConfig[], now: readonly PoolConfig[]): boolean {
  return (
    before.length === now.length &&
    before.every((config, index) => {
      const other = now[index];
      return other?.key === config.key && other.mtimeMs === config.mtimeMs && other.etag === config.etag;
    })
  );
}
