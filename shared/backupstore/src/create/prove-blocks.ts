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
 * store that answers a PUT with success and keeps nothing would else make a backup that cannot be restored. What it has kept
 * of a block in part is removed, so that the next run does not take it for the block. Throws `Unavailable`, or the store's error.
 */
export async function proveBlocks(options: ProveOptions): Promise<void> {
  const { known, keyOf, writtenCount } = options;
  const broken: string[] = [];
  let proven = 0;
  const take = ({ checksum, sizeBytes }: SeenBlock): void => {
    const result = known.prove(checksum, sizeBytes);
    if (result === 'proven') proven += 1;
    if (result === 'broken') broken.push(keyOf(checksum));
  };
  await (writtenCount <= MAX_HEADS ? lookAtEach(options, take) : lookAtAll(options, take));
  const { store, lock, signal } = options;
  if (broken.length > 0) {
    lock.assertHeld();
    await store.delete(broken, { signal });
  }
  if (proven < writtenCount) throw vanished(`${options.prefix}… (${String(writtenCount - proven)} blocks)`);
}

interface SeenBlock {
  readonly checksum: string;
  readonly sizeBytes: number;
}

async function lookAtEach(options: ProveOptions, take: (block: SeenBlock) => void): Promise<void> {
  await forEachParallel(options.written, PARALLEL_HEADS, async (checksum) => {
    const info = await headIfAny(options, options.keyOf(checksum));
    if (info !== undefined) take({ checksum, sizeBytes: info.size });
  });
}

async function lookAtAll({ store, prefix, signal }: ProveOptions, take: (block: SeenBlock) => void): Promise<void> {
  await listBlocks({
    ...{ store, prefix, signal },
    onBlock: ({ checksum, object }) => {
      take({ checksum, sizeBytes: object.size });
    },
  });
}
