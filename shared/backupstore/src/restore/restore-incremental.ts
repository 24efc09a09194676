import { Progress } from '../create/progress.ts';
import { StoreError } from '../errors.ts';
import { blockKeyBelow, blocksPrefix } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import type { ObjectStore } from '../store.ts';
import { groupBlocks, openBackup, type ReadableBackup } from './backup-blocks.ts';
import { compareBackups, type BlockChange } from './compare-backups.ts';
import { tooSmall } from './place-map.ts';
import { concurrencyOf, type RestoreOptions, type RestoreResult } from './types.ts';
import { writeBlocks } from './write-blocks.ts';

/** What an incremental restore needs besides. */
export interface RestoreIncrementalOptions extends RestoreOptions {
  /** The backup that the volume is at; MUST be what it really is at. */
  readonly lastBackup: string;
  /**
   * What becomes of a block that the new backup has no more. `zeros`: written as zeros, so that it is allocated: for a delta file,
   * where a hole means "unchanged" (Longhorn's). `hole`: punched: for a destination that holds the volume itself.
   */
  readonly gone: 'zeros' | 'hole';
}

/**
 * Restores what differs between two backups of a volume (backupstore-format §6). May be repeated after any failure. Throws
 * as `restoreBackup`, and `BlockSizeChanged`; `NotFound` with the key of the last backup's config says: restore the whole.
 */
export async function restoreIncremental(options: RestoreIncrementalOptions): Promise<RestoreResult> {
  const { volume, destination } = options;
  try {
    return await withLock({ ...options, type: lockTypes.restore }, async (lock) => {
      using stop = linkSignals(`restore volume '${volume}'`, { cancelled: options.signal, lost: lock.lost });
      const result = await restoreChanges(options, stop.signal);
      lock.assertHeld();
      await destination.commit();
      return result;
    });
  } catch (error) {
    await destination.abort();
    throw error;
  }
}

async function restoreChanges(options: RestoreIncrementalOptions, signal: AbortSignal): Promise<RestoreResult> {
  const { store, volume, destination, onProgress } = options;
  const last = await openBackup(store, { volume, backup: options.lastBackup }, signal);
  const next = await openBackup(store, options, signal);
  const { blockBytes } = next;
  if (last.blockBytes !== blockBytes) throw blockSizeChanged(last, next);
  const progress = new Progress(await sizeOfChanges(store, { last, next }, signal), onProgress);
  const changes = clearing(compareBackups(store, { last, next }, signal), async (offset) => {
    if (options.gone === 'hole') await destination.punchHole(offset, blockBytes);
    else await destination.write(offset, Buffer.alloc(blockBytes));
    progress.add(blockBytes);
  });
  const prefix = blocksPrefix(volume);
  return await writeBlocks({
    store,
    destination,
    groups: groupBlocks(fitting(changes, { ...next, sizeBytes: destination.sizeBytes }), next.maxBlocks),
    keyOf: (checksum) => blockKeyBelow(prefix, checksum),
    compression: next.compression,
    lengthAt: () => blockBytes,
    concurrency: concurrencyOf(options.concurrency),
    resume: options.resume ?? false,
    signal,
    onBytes: progress.add,
  });
}

// Costs the two configs once more, and gives a total that is reached.
async function sizeOfChanges(
  store: ObjectStore,
  pair: { readonly last: ReadableBackup; readonly next: ReadableBackup },
  signal: AbortSignal,
): Promise<number> {
  const changes = compareBackups(store, pair, signal);
  let count = 0;
  while ((await changes.next()).done !== true) count += 1;
  return count * pair.next.blockBytes;
}

async function* clearing(
  changes: AsyncIterable<BlockChange>,
  clear: (offset: number) => Promise<void>,
): AsyncGenerator<{ readonly offset: number; readonly checksum: string }> {
  for await (const { offset, checksum } of changes) {
    if (checksum === undefined) await clear(offset);
    else yield { offset, checksum };
  }
}

async function* fitting<T extends { readonly offset: number }>(
  blocks: AsyncIterable<T>,
  shape: { readonly key: string; readonly blockBytes: number; readonly sizeBytes: number },
): AsyncGenerator<T> {
  for await (const block of blocks) {
    if (block.offset + shape.blockBytes > shape.sizeBytes) throw tooSmall(shape, block.offset);
    yield block;
  }
}

function blockSizeChanged(last: ReadableBackup, next: ReadableBackup): StoreError {
  return new StoreError('BlockSizeChanged', {
    action: `restore backup '${next.backup}' incrementally`,
    detail: `backup block size is changed from ${String(last.blockBytes)} to ${String(next.blockBytes)}`,
    key: next.key,
  });
}
