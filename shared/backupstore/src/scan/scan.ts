import { volumePrefix } from '../layout.ts';
import type { CallOptions, ObjectStore } from '../store.ts';
import { ScanCollector } from './collector.ts';
import type { ScannedVolume, ScanOptions, ScanSummary } from './types.ts';
import { readVolumeFolder, walkStore } from './walk.ts';

/**
 * Reports every volume of a store with its backups (design §4). Memory does not grow with the number of blocks. Throws
 * the store's error; what was reported before it is right. An empty store is no error.
 */
export async function scanStore(store: ObjectStore, options: ScanOptions): Promise<ScanSummary> {
  return await walkStore(store, options);
}

/**
 * One volume as {@link scanStore} reports it; `undefined` when its folder is empty or absent, which proves that the
 * volume is gone. Throws the store's error.
 */
export async function scanVolume(
  store: ObjectStore,
  volume: string,
  options: CallOptions & { readonly now?: () => number } = {},
): Promise<ScannedVolume | undefined> {
  const { signal, now = Date.now } = options;
  const collector = new ScanCollector({ onVolume: () => undefined });
  const builder = await readVolumeFolder(store, volumePrefix(volume), { collector, signal });
  return builder?.build(now());
}

/** Asks the store one cheap question: can it be reached, and listed with these credentials? One LIST of one key. Throws the store's error. */
export async function probeStore(store: ObjectStore, options: CallOptions = {}): Promise<void> {
  await store.list({ prefix: '', maxKeys: 1, ...options });
}
