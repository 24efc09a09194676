import { Progress } from '../create/progress.ts';
import { isStoreError, StoreError } from '../errors.ts';
import { backupConfigKey, blockKeyBelow, blocksPrefix } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { forEachStreamed } from '../parallel-stream.ts';
import { MarkSet } from '../remove/mark-set.ts';
import { blocksOf, groupBlocks, openBackup, type ReadableBackup } from '../restore/backup-blocks.ts';
import { fetchBlock } from '../restore/fetch-block.ts';
import { freeBlock } from '../restore/free-block.ts';
import { concurrencyOf } from '../restore/types.ts';
import { listPages } from '../scan/list-all.ts';
import type { ObjectStore } from '../store.ts';
import { BadBlocks, type BadBlock } from './bad-blocks.ts';

/** Which backup to verify, and how. */
export interface VerifyOptions {
  readonly store: ObjectStore;
  readonly volume: string;
  readonly backup: string;
  /** `lists`: every block is there and not empty, by LISTs alone. `full`: every block is read and its content proven. */
  readonly mode: 'lists' | 'full';
  /** Blocks read at once, 1 to 256; default 5. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/** How far a verification is. */
export interface VerifyProgress {
  /** Bytes of the volume whose blocks were looked at. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** 0 to 99. */
  readonly percent: number;
}

/** What a verification found; it is sound when `badCount` is 0. */
export interface VerifyResult {
  readonly mode: 'lists' | 'full';
  /** Entries of its block list. */
  readonly blocks: number;
  /** Different blocks that are bad. */
  readonly badCount: number;
  /** The first of them, by offset; at most {@link MAX_BAD_BLOCKS}. */
  readonly bad: readonly BadBlock[];
}

/**
 * Proves that a backup can be restored; takes no lock and writes nothing. A deletion of the backup meanwhile ends it with
 * `NotFound`, so that what it names as bad is bad. Throws `NotFound`, `BackupInProgress`, `Corrupt` (the config itself),
 * `Cancelled`, or the store's error.
 */
export async function verifyBackup(options: VerifyOptions): Promise<VerifyResult> {
  const { store, volume, mode } = options;
  using stop = linkSignals(`verify backup '${options.backup}'`, { cancelled: options.signal });
  const { signal } = stop;
  const backup = await openBackup(store, options, signal);
  const bad = new BadBlocks();
  const prefix = blocksPrefix(volume);
  const keyOf = (checksum: string): string => blockKeyBelow(prefix, checksum);
  const run = { ...options, signal, found: backup, bad, keyOf };
  const blocks = mode === 'lists' ? await verifyByLists(run) : await verifyContent(run);
  // What looks bad may only have been removed, with the backup itself.
  if (bad.count > 0) await store.head({ key: backupConfigKey(volume, backup.backup), signal });
  return { mode, blocks, badCount: bad.count, bad: bad.list() };
}

interface Run extends VerifyOptions {
  readonly signal: AbortSignal;
  readonly found: ReadableBackup;
  readonly bad: BadBlocks;
  readonly keyOf: (checksum: string) => string;
}

async function verifyByLists({ store, volume, found, bad, signal, keyOf, onProgress }: Run): Promise<number> {
  const progress = new Progress(Number(found.head.size), onProgress);
  let blocks = 0;
  for (let start = 0; start < MarkSet.END;) {
    const present = await listPresent(store, { volume, start, signal });
    for await (const { offset, checksum } of blocksOf(store, found, signal)) {
      if (!present.covers(checksum)) continue;
      blocks += 1;
      progress.add(found.blockBytes);
      if (!present.has(checksum)) bad.add({ checksum, offset, key: keyOf(checksum), problem: 'missing' });
    }
    start = present.end;
  }
  return blocks;
}

async function listPresent(
  store: ObjectStore,
  { volume, start, signal }: { readonly volume: string; readonly start: number; readonly signal: AbortSignal },
): Promise<MarkSet> {
  const prefix = blocksPrefix(volume);
  const present = new MarkSet({ start });
  for await (const page of listPages(store, { prefix, signal })) {
    for (const { key, size } of page.objects) {
      const checksum = key.slice(-68, -4);
      if (size > 0 && key === blockKeyBelow(prefix, checksum)) present.add(checksum);
    }
  }
  return present;
}

async function verifyContent({ store, found, bad, signal, keyOf, concurrency, onProgress }: Run): Promise<number> {
  const { blockBytes, compression, maxBlocks } = found;
  const progress = new Progress(Number(found.head.size), onProgress);
  let blocks = 0;
  const groups = groupBlocks(blocksOf(store, found, signal), maxBlocks);
  await forEachStreamed(groups, { limit: concurrencyOf(concurrency), signal }, async ({ checksum, offsets }, own) => {
    const key = keyOf(checksum);
    try {
      const block = await fetchBlock(store, { key, checksum, compression, maxBytes: blockBytes, signal: own });
      const { length } = block;
      freeBlock(block);
      if (length !== blockBytes) throw new StoreError('Corrupt', { action: `verify block '${key}'`, key });
    } catch (error) {
      if (!isStoreError(error, 'BlockMissing', 'Corrupt')) throw error;
      const problem = error.code === 'BlockMissing' ? 'missing' : 'corrupt';
      bad.add({ checksum, offset: offsets[0] ?? 0, key, problem });
    }
    blocks += offsets.length;
    progress.add(offsets.length * blockBytes);
  });
  return blocks;
}
