import { Progress } from '../create/progress.ts';
import type { BlockReference } from '../format/fields.ts';
import { blockKeyBelow, blocksPrefix } from '../layout.ts';
import { blocksOf, groupBlocks, type ReadableBackup } from './backup-blocks.ts';
import { PlaceMap } from './place-map.ts';
import { concurrencyOf, type RestoreOptions, type RestoreResult } from './types.ts';
import { writeBlocks } from './write-blocks.ts';

/**
 * Brings all blocks of a backup to the destination. `clear`: what lies between them may be left from anything and is made
 * to read as zeros. Throws `DestinationTooSmall`, `BlockMissing`, `Corrupt`, the signal's reason, the store's or the destination's error.
 */
export async function restoreOpened(
  options: RestoreOptions & { readonly clear?: boolean },
  backup: ReadableBackup,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const { store, volume, destination, resume = false, clear = resume, onProgress } = options;
  const { key, blockBytes } = backup;
  const places = new PlaceMap({ key, blockBytes, sizeBytes: destination.sizeBytes });
  const progress = new Progress(Number(backup.head.size), onProgress);
  const prefix = blocksPrefix(volume);
  const result = await writeBlocks({
    store,
    destination,
    groups: groupBlocks(placed(blocksOf(store, backup, signal), places), backup.maxBlocks),
    keyOf: (checksum) => blockKeyBelow(prefix, checksum),
    compression: backup.compression,
    lengthAt: () => blockBytes,
    concurrency: concurrencyOf(options.concurrency),
    resume,
    signal,
    onBytes: progress.add,
  });
  if (clear) for (const { offset, length } of places.gaps()) await destination.punchHole(offset, length);
  return result;
}

async function* placed(blocks: AsyncIterable<BlockReference>, places: PlaceMap): AsyncGenerator<BlockReference> {
  for await (const block of blocks) {
    places.take(block);
    yield block;
  }
}
