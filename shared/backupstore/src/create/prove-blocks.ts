import { forEachParallel } from '../parallel.ts';
import type { ChecksumTable } from './checksum-table.ts';
import { headIfAny, vanished, type HeldStore } from './held-store.ts';
import { listBlocks } from './list-blocks.ts';

const PARALLEL_HEADS = 16;
// Above this, a listing asks less of the store than a HEAD for each block.
const MAX_HEADS = 16;

/** Which blocks to prove. */
export interface ProveOptions extends HeldStore {
  readonly known: ChecksumTable;
  /** Where the blocks lie. */
  readonly prefix: string;
  readonly keyOf: (checksum: string) => string;
  /** The first {@link WRITTEN_SAMPLE} checksums written by this run. */
  readonly written: readonly string[];
  /** How many were written. */
  readonly writtenCount: number;
}

/** How many checksums of written blocks are kept by name. */
export const WRITTEN_SAMPLE = MAX_HEADS;

/**
 * Looks at the store once more before the commit: every block that this run has written must be there, in its size. A
 * store that answers a PUT with success and keeps nothing would else make a backup that cannot be restored. Throws
 * `Unavailable`, or the store's error.
 */
export async function proveBlocks(options: ProveOptions): Promise<void> {
  const { known, keyOf, written, writtenCount } = options;
  if (writtenCount <= MAX_HEADS) {
    await forEachParallel(written, PARALLEL_HEADS, async (checksum) => {
      const key = keyOf(checksum);
      const info = await headIfAny(options, key);
      if (info === undefined || !known.prove(checksum, info.size)) throw vanished(key);
    });
    return;
  }
  let proven = 0;
  const { store, prefix, signal } = options;
  await listBlocks({
    ...{ store, prefix, signal },
    onBlock: ({ checksum, object }) => {
      if (known.prove(checksum, object.size)) proven += 1;
    },
  });
  if (proven < writtenCount) throw vanished(`${prefix}… (${String(writtenCount - proven)} blocks)`);
}
