import { volumePrefix } from '../layout.ts';
import type { CallOptions, ObjectStore } from '../store.ts';
import { ScanCollector } from './collector.ts';
import { FlatScan, OrderViolation } from './flat.ts';
import { readVolumeFlat } from './flat-volume.ts';
import { ScanHints } from './scan-hints.ts';
import type { ScannedVolume, ScanOptions, ScanSummary } from './types.ts';
import type { VolumeBuilder } from './volume-builder.ts';
import { readVolumeFolder, walkStore } from './walk.ts';

/** What is known of an opened store from earlier scans; forgotten with the store, needed by nothing. */
interface ScanMemory {
  readonly hints: ScanHints;
  isUnordered: boolean;
}

const memories = new WeakMap<ObjectStore, ScanMemory>();

/**
 * Reports every volume of a store with its backups (design §4). Memory does not grow with the number of blocks. Throws
 * the store's error; what was reported before it is right. An empty store is no error. A store found not to list in byte
 * order is walked folder by folder, from then on at once.
 */
export async function scanStore(store: ObjectStore, options: ScanOptions): Promise<ScanSummary> {
  return await new StoreScan(store, options).run();
}

/** A scan that can be taken up again: after an error, `run` goes on where it stopped and reports no volume twice. */
export class StoreScan {
  readonly #store: ObjectStore;
  readonly #options: ScanOptions;
  readonly #memory: ScanMemory;
  readonly #flat: FlatScan;

  constructor(store: ObjectStore, options: ScanOptions) {
    this.#store = store;
    this.#options = options;
    this.#memory = memoryOf(store);
    this.#flat = new FlatScan(store, options, this.#memory.hints);
  }

  /** Scans what is left. Throws the store's error. */
  async run(): Promise<ScanSummary> {
    if (!this.#store.capabilities.flatList || this.#memory.isUnordered)
      return await walkStore(this.#store, this.#options);
    try {
      return await this.#flat.run();
    } catch (error) {
      if (!(error instanceof OrderViolation)) throw error;
      this.#memory.isUnordered = true;
      return await walkStore(this.#store, this.#options);
    }
  }
}

function memoryOf(store: ObjectStore): ScanMemory {
  let memory = memories.get(store);
  if (memory === undefined) {
    memory = { hints: new ScanHints(), isUnordered: false };
    memories.set(store, memory);
  }
  return memory;
}

/**
 * One volume as {@link scanStore} reports it; `undefined` when its folder is empty or absent, which proves that the
 * volume is gone. One LIST where its objects fit one page, never its blocks. Throws the store's error.
 */
export async function scanVolume(
  store: ObjectStore,
  volume: string,
  options: CallOptions & { readonly now?: () => number } = {},
): Promise<ScannedVolume | undefined> {
  const { signal, now = Date.now } = options;
  const folder = volumePrefix(volume);
  const builder = await readFolder(store, folder, signal);
  return builder?.build(now());
}

async function readFolder(
  store: ObjectStore,
  folder: string,
  signal?: AbortSignal,
): Promise<VolumeBuilder | undefined> {
  const memory = memoryOf(store);
  if (store.capabilities.flatList && !memory.isUnordered) {
    try {
      return await readVolumeFlat(store, folder, signal);
    } catch (error) {
      if (!(error instanceof OrderViolation)) throw error;
      memory.isUnordered = true;
    }
  }
  const collector = new ScanCollector({ onVolume: () => undefined });
  return await readVolumeFolder(store, folder, { collector, signal });
}

/** Asks the store one cheap question: can it be reached, and listed with these credentials? One LIST of one key. Throws the store's error. */
export async function probeStore(store: ObjectStore, options: CallOptions = {}): Promise<void> {
  await store.list({ prefix: '', maxKeys: 1, ...options });
}
