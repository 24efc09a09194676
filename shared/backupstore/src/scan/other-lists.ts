import { isStoreName } from '@mooring/api';
import { BACKING_IMAGES_PREFIX, isLeftover, SYSTEM_BACKUPS_PREFIX } from '../layout.ts';
import type { CallOptions, ObjectInfo, ObjectStore, StoredObject } from '../store.ts';
import { listPages } from './list-all.ts';
import { MAX_ISSUES, type ScanIssue } from './types.ts';

/** One backing image as the listing shows it. `etag`, `mtimeMs` and `size` are its config's. */
export interface ListedBackingImage extends ObjectInfo {
  readonly name: string;
}

/** One system backup as the listing shows it. `etag`, `mtimeMs` and `size` are its config's. */
export interface ListedSystemBackup extends ObjectInfo {
  readonly name: string;
  /** The Longhorn version it was made by, e.g. `v1.4.0`. */
  readonly version: string;
}

/** A listing, and what in it does not belong to the format. */
export interface Listing<T> {
  readonly items: readonly T[];
  /** At most {@link MAX_ISSUES}. */
  readonly issues: readonly ScanIssue[];
}

/** The backing images of a store, by name in byte order. One LIST for each 1,000. */
export async function listBackingImages(
  store: ObjectStore,
  options: CallOptions = {},
): Promise<Listing<ListedBackingImage>> {
  return await collect(store, { prefix: BACKING_IMAGES_PREFIX, ...options }, ([name, file, more], object) =>
    file === 'backing-image.cfg' && more === undefined && name !== undefined ? { name, ...infoOf(object) } : undefined,
  );
}

/** The system backups of a store, by version and name in byte order. One LIST for each 500. */
export async function listSystemBackups(
  store: ObjectStore,
  options: CallOptions = {},
): Promise<Listing<ListedSystemBackup>> {
  return await collect(store, { prefix: SYSTEM_BACKUPS_PREFIX, ...options }, ([version, name, file, more], object) => {
    if (file === 'system-backup.zip' && more === undefined) return 'ignored';
    const isConfig = file === 'system-backup.cfg' && more === undefined;
    return isConfig && version !== undefined && name !== undefined ? { name, version, ...infoOf(object) } : undefined;
  });
}

async function collect<T extends { name: string }>(
  store: ObjectStore,
  options: CallOptions & { readonly prefix: string },
  parse: (segments: readonly string[], object: StoredObject) => T | 'ignored' | undefined,
): Promise<Listing<T>> {
  const { prefix } = options;
  const items: T[] = [];
  const issues: ScanIssue[] = [];
  const report = (code: ScanIssue['code'], key: string, message: string): void => {
    if (issues.length < MAX_ISSUES) issues.push({ code, key, message });
  };
  for await (const page of listPages(store, options)) {
    for (const object of page.objects) {
      const { key } = object;
      if (key.endsWith('/') || isLeftover(key)) continue;
      const item = parse(key.slice(prefix.length).split('/'), object);
      if (item === 'ignored') continue;
      if (item === undefined) report('UnknownObject', key, 'it does not belong to the format; it is ignored');
      else if (!isStoreName(item.name)) report('InvalidName', key, 'the name is not valid; it is ignored');
      else items.push(item);
    }
  }
  return { items, issues };
}

function infoOf({ size, mtimeMs, etag }: StoredObject): ObjectInfo {
  return { size, mtimeMs, ...(etag !== undefined && { etag }) };
}
