import type { Destination } from '@mooring/datapath';
import { Progress } from '../create/progress.ts';
import { StoreError } from '../errors.ts';
import type { BackingImageConfig } from '../format/backing-image-config.ts';
import { DEFAULT_BLOCK_BYTES } from '../format/block-size.ts';
import { parseCompressionMethod } from '../format/compression.ts';
import type { BlockReference } from '../format/fields.ts';
import { backingImageBlockKey, backingImageConfigKey } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { readBackingImageConfig } from '../read-config.ts';
import { assertChecksums } from '../stream-backup.ts';
import { groupBlocks } from './backup-blocks.ts';
import { PlaceMap, type VolumeShape } from './place-map.ts';
import { concurrencyOf, type RestoreOptions, type RestoreResult } from './types.ts';
import { writeBlocks } from './write-blocks.ts';

/** What the restore of a backing image needs; the destination has at least the image's size. */
export interface RestoreBackingImageOptions extends Omit<RestoreOptions, 'volume' | 'backup'> {
  readonly name: string;
}

/**
 * Restores a backing image as it was backed up: a raw or qcow2 file, whose last block may be short. Under a lock of type 1 on
 * all backing images. Throws as `restoreBackup`.
 */
export async function restoreBackingImage(options: RestoreBackingImageOptions): Promise<RestoreResult> {
  const { name, destination } = options;
  try {
    return await withLock({ ...options, backingImages: true, type: lockTypes.restore }, async (lock) => {
      using stop = linkSignals(`restore backing image '${name}'`, { cancelled: options.signal, lost: lock.lost });
      const result = await restoreImage(options, stop.signal);
      lock.assertHeld();
      await destination.commit();
      return result;
    });
  } catch (error) {
    await destination.abort();
    throw error;
  }
}

async function restoreImage(options: RestoreBackingImageOptions, signal: AbortSignal): Promise<RestoreResult> {
  const { store, name, destination, resume = false, onProgress } = options;
  const config = await readComplete(options, signal);
  const key = backingImageConfigKey(name);
  const sizeBytes = Number(config.size);
  const shape = { key, blockBytes: DEFAULT_BLOCK_BYTES, sizeBytes, endsShort: true };
  if (destination.sizeBytes < sizeBytes) throw tooSmallFor(shape, destination);
  const places = new PlaceMap(shape);
  for (const block of config.blocks) places.take(block);
  const lengthAt = (offset: number): number => Math.min(DEFAULT_BLOCK_BYTES, sizeBytes - offset);
  const bytesTotal = config.blocks.reduce((sum, { offset }) => sum + lengthAt(offset), 0);
  const progress = new Progress(bytesTotal, onProgress);
  const result = await writeBlocks({
    store,
    destination,
    groups: groupBlocks(streamed(config.blocks), Math.max(1, config.blocks.length)),
    keyOf: backingImageBlockKey,
    compression: parseCompressionMethod(config.compressionMethod),
    lengthAt,
    concurrency: concurrencyOf(options.concurrency),
    resume,
    signal,
    onBytes: progress.add,
  });
  if (resume) for (const { offset, length } of places.gaps()) await destination.punchHole(offset, length);
  return result;
}

async function readComplete(
  { store, name }: RestoreBackingImageOptions,
  signal: AbortSignal,
): Promise<BackingImageConfig> {
  const key = backingImageConfigKey(name);
  const { config } = await readBackingImageConfig(store, name, { signal });
  if (config.completeTime === '') {
    throw new StoreError('BackupInProgress', { action: `read backing image '${name}'`, key });
  }
  assertChecksums(key, config.blocks);
  return config;
}

function tooSmallFor({ key, sizeBytes }: VolumeShape, destination: Destination): StoreError {
  const detail = `the image has ${String(sizeBytes)} bytes, the destination ${String(destination.sizeBytes)}`;
  return new StoreError('DestinationTooSmall', { action: `restore '${key}'`, detail, key });
}

async function* streamed(blocks: readonly BlockReference[]): AsyncGenerator<BlockReference> {
  yield* await Promise.resolve(blocks);
}
