import { isStoreError } from '../errors.ts';
import { isBackupComplete } from '../format/backup-config.ts';
import type { BlockReference } from '../format/fields.ts';
import { blockBytesOf } from '../format/block-size.ts';
import type { VolumeConfig } from '../format/volume-config.ts';
import { backupConfigKey } from '../layout.ts';
import { streamBackup } from '../stream-backup.ts';
import type { VolumeShape } from './block-plan.ts';
import { BlockTable } from './block-table.ts';
import type { HeldStore } from './held-store.ts';
import type { CreateBackupOptions } from './types.ts';

/** What an incremental backup builds on. */
export interface BaseBackup {
  /** Of the last backup; `undefined`: the backup is full. */
  readonly snapshotName: string | undefined;
  /** Its blocks; empty for a full backup. */
  readonly table: BlockTable;
}

/**
 * Loads the base as Longhorn chooses it (backupstore-format §3): the volume's last backup, unless a full one is asked for, it
 * cannot be read, is of the same snapshot or not complete; and unless it has another block size, which Longhorn forgets
 * to look at. Throws the store's error.
 */
export async function loadBase(
  held: HeldStore,
  volume: VolumeConfig | undefined,
  options: CreateBackupOptions & { readonly blockBytes: number },
): Promise<BaseBackup> {
  const { mode, backup, log } = options;
  const last = volume?.lastBackupName ?? '';
  if (last === '' || last === backup || mode === 'full') return noBase();
  try {
    return await readBase(held, last, options);
  } catch (error) {
    if (!isStoreError(error, 'NotFound', 'Corrupt')) throw error;
    log?.(`last backup '${last}' cannot be built on, this one is full: ${error.detail}`);
    return noBase();
  }
}

async function readBase(
  { store, signal }: HeldStore,
  last: string,
  options: CreateBackupOptions & { readonly blockBytes: number },
): Promise<BaseBackup> {
  const { volume, snapshot, source, blockBytes } = options;
  const table = new BlockTable();
  const filler = new TableFiller(table, { blockBytes, sizeBytes: source.sizeBytes });
  const stream = streamBackup(store, { volume: volume.name, backup: last }, { signal });
  let next = await stream.next();
  for (; next.done !== true; next = await stream.next()) filler.take(next.value);
  const { config } = next.value;
  const hasBlockSize = blockBytesOf(config.parameters, backupConfigKey(volume.name, last)) === blockBytes;
  const isWhole = isBackupComplete(config) && config.singleFilePath === '' && filler.isAligned;
  if (!isWhole || !hasBlockSize) options.log?.(`last backup '${last}' cannot be built on, this one is full`);
  const isBase = isWhole && hasBlockSize && config.snapshotName !== snapshot.name;
  return isBase ? { snapshotName: config.snapshotName, table } : noBase();
}

// What lies behind the end of a volume that has become smaller is left out.
class TableFiller {
  isAligned = true;
  readonly #table: BlockTable;
  readonly #shape: VolumeShape;

  constructor(table: BlockTable, shape: VolumeShape) {
    this.#table = table;
    this.#shape = shape;
  }

  take(blocks: readonly BlockReference[]): void {
    const { blockBytes, sizeBytes } = this.#shape;
    for (const { offset, checksum } of blocks) {
      const index = offset / blockBytes;
      this.isAligned &&= Number.isInteger(index) && index >= 0;
      if (this.isAligned && offset < sizeBytes) this.#table.set(index, checksum);
    }
  }
}

function noBase(): BaseBackup {
  return { snapshotName: undefined, table: new BlockTable() };
}
