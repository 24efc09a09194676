import { lstat, readdir } from 'node:fs/promises';
import { StoreError } from '../errors.ts';
import { compareKeys, isLeftover } from '../layout.ts';
import type { ListOptions, ListPage, StoredObject } from '../store.ts';
import { errnoOf } from './vfs-errors.ts';
import type { VfsPaths } from './vfs-paths.ts';

/** How many keys a page holds when the caller does not say; what S3 and Azure do. */
const DEFAULT_PAGE = 1000;

interface Walk {
  readonly paths: VfsPaths;
  readonly prefix: string;
  /** Only keys after this one. */
  readonly after: string;
  readonly delimiter: boolean;
}

/**
 * One page of the keys below a directory, in byte order of the keys. Folders sort as `<name>/`, so `a.b` comes before
 * what lies in `a`. Leftovers of writes, links and special files are no objects. With a delimiter, an empty folder is a
 * prefix too (as Longhorn's `ls` sees it). An absent folder is an empty page. Only the page's own files are looked at.
 */
export async function listDirectory(paths: VfsPaths, options: ListOptions): Promise<ListPage> {
  const { prefix, maxKeys = DEFAULT_PAGE } = options;
  const after = options.continuation ?? options.startAfter ?? '';
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  await paths.assertInside(paths.toFolderPath(folder), folder);
  const keys: string[] = [];
  let more = false;
  for await (const key of walk({ paths, prefix, after, delimiter: options.delimiter !== undefined }, folder)) {
    if (keys.length === maxKeys) {
      more = true;
      break;
    }
    keys.push(key);
  }
  const found = await Promise.all(keys.filter((key) => !key.endsWith('/')).map((key) => describe(paths, key)));
  const last = keys.at(-1);
  return {
    objects: found.filter((object) => object !== undefined),
    prefixes: keys.filter((key) => key.endsWith('/')),
    ...(more && last !== undefined && { continuation: last }),
  };
}

async function* walk(state: Walk, folder: string): AsyncGenerator<string> {
  for (const key of await readFolder(state.paths, folder)) {
    if (!key.startsWith(state.prefix)) continue;
    if (!key.endsWith('/')) {
      if (compareKeys(key, state.after) > 0) yield key;
    } else if (state.delimiter) {
      if (await hasKeyAfter(state, key)) yield key;
    } else if (compareKeys(key, state.after) > 0 || state.after.startsWith(key)) {
      yield* walk(state, key);
    }
  }
}

// A folder belongs to the page when anything in it comes after the start; a continuation names the folder itself.
async function hasKeyAfter(state: Walk, folder: string): Promise<boolean> {
  if (!state.after.startsWith(folder)) return compareKeys(folder, state.after) > 0;
  if (state.after === folder) return false;
  const first = await walk({ ...state, delimiter: false }, folder).next();
  return first.done !== true;
}

async function readFolder(paths: VfsPaths, folder: string): Promise<string[]> {
  try {
    const entries = await readdir(paths.toFolderPath(folder), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || (entry.isFile() && !isLeftover(entry.name)))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort(compareKeys);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return [];
    if (errno !== 'ENOTDIR') throw error;
    // A file in the place of a folder holds nothing; in the place of the whole store it is a mistake.
    if (await paths.isRootDirectory()) return [];
    throw new StoreError('BucketNotFound', {
      action: 'list the store',
      detail: 'the path of the store is not a directory',
      cure: 'correct the path in backupTargetURL',
      cause: error,
    });
  }
}

async function describe(paths: VfsPaths, key: string): Promise<StoredObject | undefined> {
  try {
    const stat = await lstat(paths.toPath(key));
    return stat.isFile() ? { key, size: stat.size, mtimeMs: stat.mtimeMs } : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
