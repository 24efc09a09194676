import type { BlockReference } from '../format/fields.ts';
import type { ObjectStore } from '../store.ts';
import { blocksOf, type ReadableBackup } from './backup-blocks.ts';
import { badList } from './place-map.ts';

/** A place whose content differs between two backups. */
export interface BlockChange {
  /** Bytes from the start of the volume. */
  readonly offset: number;
  /** The block that is there now; absent: none any more. */
  readonly checksum?: string;
}

/**
 * What changed from one backup to a later one, by offset: both lists are read side by side, never held. Throws `Corrupt`
 * where a list is not strictly ascending by offset or an offset is no multiple of the block size, or as `blocksOf`.
 */
export async function* compareBackups(
  store: ObjectStore,
  { last, next }: { readonly last: ReadableBackup; readonly next: ReadableBackup },
  signal: AbortSignal,
): AsyncGenerator<BlockChange> {
  const before = ascending(blocksOf(store, last, signal), last);
  const after = ascending(blocksOf(store, next, signal), next);
  try {
    let old = await take(before);
    let now = await take(after);
    while (old !== undefined || now !== undefined) {
      const order = offsetOf(old) - offsetOf(now);
      const change = changeBetween(order <= 0 ? old : undefined, order >= 0 ? now : undefined);
      if (change !== undefined) yield change;
      if (order <= 0) old = await take(before);
      if (order >= 0) now = await take(after);
    }
  } finally {
    await Promise.all([before.return(undefined), after.return(undefined)]);
  }
}

function offsetOf(block: BlockReference | undefined): number {
  return block?.offset ?? Infinity;
}

// What one place held and holds; at least one of the two is given.
function changeBetween(old: BlockReference | undefined, now: BlockReference | undefined): BlockChange | undefined {
  if (now === undefined) return { offset: offsetOf(old) };
  return now.checksum === old?.checksum ? undefined : now;
}

async function take(blocks: AsyncGenerator<BlockReference>): Promise<BlockReference | undefined> {
  const next = await blocks.next();
  return next.done === true ? undefined : next.value;
}

async function* ascending(
  blocks: AsyncIterable<BlockReference>,
  { key, blockBytes }: ReadableBackup,
): AsyncGenerator<BlockReference> {
  let previous = -1;
  for await (const block of blocks) {
    const { offset } = block;
    if (offset <= previous) throw badList(key, `the block at offset ${String(offset)} is not in its place`);
    if (offset % blockBytes !== 0)
      throw badList(key, `offset ${String(offset)} is no multiple of ${String(blockBytes)}`);
    previous = offset;
    yield block;
  }
}
