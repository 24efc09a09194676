import { decodeBackingImageConfig, type BackingImageConfig } from './format/backing-image-config.ts';
import { decodeBackupConfig, decodeBackupHead, type BackupConfig, type BackupHead } from './format/backup-config.ts';
import { decodeSystemBackupConfig, type SystemBackupConfig } from './format/system-backup-config.ts';
import { decodeVolumeConfig, type VolumeConfig } from './format/volume-config.ts';
import { backingImageConfigKey, backupConfigKey, systemBackupConfigKey, volumeConfigKey } from './layout.ts';
import { streamBackup } from './stream-backup.ts';
import type { CallOptions, ObjectContent, ObjectInfo, ObjectStore } from './store.ts';

// A head is about 600 bytes; labels may hold a whole Kubernetes status (annotations: at most 256 KiB).
const FIRST_HEAD_BYTES = 16 * 1024;
// `],"SingleFile":{"FilePath":""}}`, and what a later version may add.
const END_BYTES = 256;
// All configs but a large backup's fit, so that one small GET with a short timeout is enough.
const FIRST_CONFIG_BYTES = 64 * 1024;

/** A decoded config, with what identifies the version that was read. */
export interface ReadConfig<T> extends ObjectInfo {
  readonly config: T;
}

/** Reads a `volume.cfg`. Throws `NotFound`, `Corrupt`, or the store's error. One GET. */
export async function readVolumeConfig(
  store: ObjectStore,
  volume: string,
  options: CallOptions = {},
): Promise<ReadConfig<VolumeConfig>> {
  return await readWhole(store, volumeConfigKey(volume), { decode: decodeVolumeConfig, ...options });
}

/**
 * Reads what a backup config says before its block list, by a ranged GET of 16 KiB, doubled while the head is longer.
 * A config with its members in another order is read whole. Throws `NotFound`, `Corrupt`, or the store's error.
 */
export async function readBackupHead(
  store: ObjectStore,
  name: { readonly volume: string; readonly backup: string },
  options: CallOptions = {},
): Promise<ReadConfig<BackupHead>> {
  const key = backupConfigKey(name.volume, name.backup);
  for (let length = FIRST_HEAD_BYTES; ; length *= 2) {
    const content = await store.get({ key, range: { start: 0, end: length - 1 }, ...options });
    const isComplete = content.body.length >= content.size;
    const config = decodeBackupHead({ body: content.body, isComplete }, { key });
    if (config !== undefined) return { config, ...infoOf(content) };
  }
}

/**
 * `readBackupHead` that also looks whether the config ends as one must: one more ranged GET when it is longer than 16 KiB. A writer that died on a
 * file server leaves a config that is cut in its block list. One that ends strangely is read whole, in pieces. Throws the same.
 */
export async function readBackupHeadAndEnd(
  store: ObjectStore,
  name: { readonly volume: string; readonly backup: string },
  options: CallOptions = {},
): Promise<ReadConfig<BackupHead>> {
  const head = await readBackupHead(store, name, options);
  if (head.size <= FIRST_HEAD_BYTES) return head;
  const key = backupConfigKey(name.volume, name.backup);
  const range = { start: head.size - END_BYTES, end: head.size - 1 };
  const { body } = await store.get({ key, range, ...options });
  if (closesBlocks(body.toString('utf8'))) return head;
  const pieces = streamBackup(store, name, options);
  while ((await pieces.next()).done !== true);
  return head;
}

/** Whether the end of a config closes its block list and the config, and has whole members between the two. */
function closesBlocks(end: string): boolean {
  const bracket = end.lastIndexOf(']');
  if (bracket === -1) return false;
  try {
    JSON.parse(`{"Blocks":[${end.slice(bracket)}`);
    return true;
  } catch {
    return false;
  }
}

/** Reads a whole backup config with its block list: about 56 MB a TiB. Throws `NotFound`, `Corrupt`, or the store's error. */
export async function readBackupConfig(
  store: ObjectStore,
  name: { readonly volume: string; readonly backup: string },
  options: CallOptions = {},
): Promise<ReadConfig<BackupConfig>> {
  const key = backupConfigKey(name.volume, name.backup);
  return await readWhole(store, key, { decode: decodeBackupConfig, ...options });
}

/** Reads a `backing-image.cfg`. Throws `NotFound`, `Corrupt`, or the store's error. One GET. */
export async function readBackingImageConfig(
  store: ObjectStore,
  name: string,
  options: CallOptions = {},
): Promise<ReadConfig<BackingImageConfig>> {
  return await readWhole(store, backingImageConfigKey(name), { decode: decodeBackingImageConfig, ...options });
}

/** Reads a `system-backup.cfg`. Throws `NotFound`, `Corrupt`, or the store's error. One GET. */
export async function readSystemBackupConfig(
  store: ObjectStore,
  name: { readonly version: string; readonly name: string },
  options: CallOptions = {},
): Promise<ReadConfig<SystemBackupConfig>> {
  const key = systemBackupConfigKey(name.version, name.name);
  return await readWhole(store, key, { decode: decodeSystemBackupConfig, ...options });
}

async function readWhole<T>(
  store: ObjectStore,
  key: string,
  options: CallOptions & { readonly decode: (body: Buffer, source: { key: string }) => T },
): Promise<ReadConfig<T>> {
  const { decode, ...call } = options;
  let content = await store.get({ key, range: { start: 0, end: FIRST_CONFIG_BYTES - 1 }, ...call });
  while (content.body.length < content.size) {
    content = await store.get({ key, range: { start: 0, end: content.size - 1 }, ...call });
  }
  return { config: decode(content.body, { key }), ...infoOf(content) };
}

function infoOf(content: ObjectContent): ObjectInfo {
  return {
    size: content.size,
    mtimeMs: content.mtimeMs,
    ...(content.etag !== undefined && { etag: content.etag }),
  };
}
