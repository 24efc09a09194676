import { versionOf } from '../create/existing-backup.ts';
import { StoreError } from '../errors.ts';
import { isBackupComplete, type BackupHead } from '../format/backup-config.ts';
import { SHORTEST_ELEMENT_BYTES } from '../format/block-list-reader.ts';
import { blockBytesOf } from '../format/block-size.ts';
import { parseCompressionMethod, type CompressionMethod } from '../format/compression.ts';
import type { BlockReference } from '../format/fields.ts';
import { backupConfigKey } from '../layout.ts';
import { readBackupHead } from '../read-config.ts';
import type { ObjectStore } from '../store.ts';
import { streamBackup } from '../stream-backup.ts';
import { BlockGroups, type BlockGroup } from './block-groups.ts';

// References kept at once to find repeats: 2 TiB in blocks of 2 MiB, 60 MiB of memory. A block that comes again further
// apart is fetched again.
const MAX_GROUPED = 2 ** 20;

/** A complete backup of a volume, about to be read. */
export interface ReadableBackup {
  readonly volume: string;
  readonly backup: string;
  /** Of its config. */
  readonly key: string;
  /** What tells this version of the config from another, as `versionOf` has it. */
  readonly version: string;
  readonly head: BackupHead;
  readonly blockBytes: number;
  readonly compression: CompressionMethod;
  /** Most references its config can hold, for the size of tables. */
  readonly maxBlocks: number;
}

/** Reads what a backup says before its block list. Throws `NotFound`, `BackupInProgress`, `Corrupt`, `UnsupportedCompression`, or the store's error. */
export async function openBackup(
  store: ObjectStore,
  name: { readonly volume: string; readonly backup: string },
  signal: AbortSignal,
): Promise<ReadableBackup> {
  const key = backupConfigKey(name.volume, name.backup);
  const { config: head, ...info } = await readBackupHead(store, name, { signal });
  if (!isBackupComplete(head))
    throw new StoreError('BackupInProgress', { action: `read backup '${name.backup}'`, key });
  return {
    ...name,
    key,
    version: versionOf(info),
    head,
    blockBytes: blockBytesOf(head.parameters, key),
    compression: parseCompressionMethod(head.compressionMethod),
    maxBlocks: Math.floor(info.size / SHORTEST_ELEMENT_BYTES) + 1,
  };
}

/**
 * The blocks of a backup in the order of its list. Throws `Corrupt` when it is a single-file backup, which has no
 * blocks and says so only at its end, or as {@link streamBackup}.
 */
export async function* blocksOf(
  store: ObjectStore,
  backup: ReadableBackup,
  signal: AbortSignal,
): AsyncGenerator<BlockReference> {
  const stream = streamBackup(store, backup, { signal });
  for (;;) {
    const next = await stream.next();
    if (next.done !== true) {
      yield* next.value;
      continue;
    }
    if (next.value.config.singleFilePath === '') return;
    const detail = 'it is a single-file backup, not one of a volume';
    throw new StoreError('Corrupt', { action: `read backup '${backup.backup}'`, detail, key: backup.key });
  }
}

/** Puts the repeats of a block together, so that it is fetched once; `maxBlocks` as in {@link ReadableBackup}. */
export async function* groupBlocks(
  blocks: AsyncIterable<BlockReference>,
  maxBlocks: number,
): AsyncGenerator<BlockGroup> {
  const groups = new BlockGroups(Math.min(maxBlocks, MAX_GROUPED));
  for await (const block of blocks) {
    if (groups.isFull) yield* groups.take();
    groups.add(block);
  }
  yield* groups.take();
}
