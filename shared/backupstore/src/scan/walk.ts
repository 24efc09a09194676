import { parseVolumeKey, VOLUMES_PREFIX } from '../layout.ts';
import { forEachParallel } from '../parallel.ts';
import type { ObjectStore } from '../store.ts';
import { ScanCollector } from './collector.ts';
import { listFolder } from './list-all.ts';
import type { ScanOptions, ScanSummary } from './types.ts';
import { VolumeBuilder } from './volume-builder.ts';

// The store's own in-flight limit decides; this only bounds the queue before it.
const PARALLEL = 64;

/**
 * Scans folder by folder: for stores that do not list in byte order, and for directories, where a folder costs one read
 * and `blocks/` none. LISTs: 1 + 256 + one for each second-level shard + 2 a volume; all in parallel.
 */
export async function walkStore(store: ObjectStore, options: ScanOptions): Promise<ScanSummary> {
  const collector = new ScanCollector(options);
  const { signal } = options;
  const open = async (prefix: string): Promise<readonly string[]> => {
    const folder = await listFolder(store, prefix, signal);
    collector.lists += folder.lists;
    for (const object of folder.objects) if (object.key !== prefix) collector.foreign(object.key);
    return folder.folders;
  };
  const shards = (await open(VOLUMES_PREFIX)).filter((folder) => isShard(folder, VOLUMES_PREFIX, collector));
  const volumes: string[] = [];
  await forEachParallel(shards, PARALLEL, async (first) => {
    const seconds = (await open(first)).filter((folder) => isShard(folder, first, collector));
    await forEachParallel(seconds, PARALLEL, async (second) => {
      volumes.push(...(await open(second)));
    });
  });
  await forEachParallel(volumes, PARALLEL, async (folder) => {
    const builder = await readVolumeFolder(store, folder, { collector, signal });
    if (builder !== undefined) await collector.finish(builder);
  });
  return collector.summary('walk');
}

/** Reads one volume folder: its own level and `backups/`, never `blocks/`. `undefined` when there is no such folder. */
export async function readVolumeFolder(
  store: ObjectStore,
  folder: string,
  context: { readonly collector: ScanCollector; readonly signal?: AbortSignal | undefined },
): Promise<VolumeBuilder | undefined> {
  const { collector, signal } = context;
  const top = await listFolder(store, folder, signal);
  collector.lists += top.lists;
  const name = parseVolumeKey(folder)?.volume;
  if (name === undefined || (top.objects.length === 0 && top.folders.length === 0)) return undefined;
  const builder = new VolumeBuilder(folder, name);
  for (const object of top.objects) builder.add(object.key.slice(folder.length), object);
  if (top.folders.includes(`${folder}backups/`)) {
    const backups = await listFolder(store, `${folder}backups/`, signal);
    collector.lists += backups.lists;
    for (const object of backups.objects) builder.add(object.key.slice(folder.length), object);
  }
  return builder;
}

function isShard(folder: string, parent: string, collector: ScanCollector): boolean {
  if (folder.length === parent.length + 3) return true;
  collector.foreign(folder);
  return false;
}
