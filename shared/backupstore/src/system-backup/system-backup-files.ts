import { createHash } from 'node:crypto';
import { isStoreError, StoreError } from '../errors.ts';
import { encodeSystemBackupConfig, type SystemBackupConfig } from '../format/system-backup-config.ts';
import { systemBackupConfigKey, systemBackupFileKey, systemBackupPrefix } from '../layout.ts';
import { readSystemBackupConfig } from '../read-config.ts';
import { listPages } from '../scan/list-all.ts';
import type { CallOptions, ObjectStore } from '../store.ts';

const PIECE_BYTES = 4 * 1024 * 1024;

/** A system backup in a store. */
export interface SystemBackupOptions extends CallOptions {
  readonly store: ObjectStore;
  /** Of Longhorn, e.g. `v1.4.0`. */
  readonly version: string;
  readonly name: string;
}

/** What is uploaded. */
export interface UploadSystemBackupOptions extends SystemBackupOptions {
  /** The zip, whole. */
  readonly file: Buffer;
  readonly details: Omit<SystemBackupConfig, 'name' | 'longhornVersion' | 'checksum'>;
}

/**
 * Uploads a system backup: the zip, then its config, which is what makes it one. A zip without config, left by a run that
 * died, is replaced. Throws `AlreadyExists` when there is one of that name, or the store's error.
 */
export async function uploadSystemBackup(options: UploadSystemBackupOptions): Promise<SystemBackupConfig> {
  const { store, version, name, file, details } = options;
  const call = callOf(options);
  const key = systemBackupConfigKey(version, name);
  if (await isThere(store, key, call)) throw alreadyExists(key);
  const checksum = createHash('sha256').update(file).digest('hex');
  const config: SystemBackupConfig = { ...details, name, longhornVersion: version, checksum };
  await store.put({ key: systemBackupFileKey(version, name), body: file, ...call });
  const ifAbsent = store.capabilities.conditionalPut;
  await store.put({ key, body: encodeSystemBackupConfig(config), ifAbsent, ...call });
  return config;
}

/**
 * Downloads a system backup's zip piece by piece. Throws `NotFound`, `Corrupt` when it is not what its config says (then
 * nothing of what was written is to be used), what `write` throws, or the store's error.
 */
export async function downloadSystemBackup(
  options: SystemBackupOptions & { readonly write: (piece: Buffer) => Promise<void> },
): Promise<SystemBackupConfig> {
  const { store, version, name, write } = options;
  const call = callOf(options);
  const { config } = await readSystemBackupConfig(store, { version, name }, call);
  const key = systemBackupFileKey(version, name);
  const hash = createHash('sha256');
  for (let start = 0, size = Infinity; start < size;) {
    const piece = await store.get({ key, range: { start, end: start + PIECE_BYTES - 1 }, ...call });
    size = piece.size;
    if (piece.body.length === 0 && start < size)
      throw new StoreError('Unavailable', { action: `read object '${key}'`, key });
    hash.update(piece.body);
    await write(piece.body);
    start += piece.body.length;
  }
  const found = hash.digest('hex');
  if (found === config.checksum) return config;
  const detail = `its SHA-256 is ${found}, its config says ${config.checksum}`;
  throw new StoreError('Corrupt', { action: `verify system backup '${name}'`, detail, key });
}

/** Removes a system backup, its config first, and nothing that only begins with its name. One that is not there is no error. */
export async function removeSystemBackup(options: SystemBackupOptions): Promise<void> {
  const { store, version, name } = options;
  const call = callOf(options);
  const keys: string[] = [];
  for await (const page of listPages(store, { prefix: systemBackupPrefix(version, name), ...call })) {
    keys.push(...page.objects.map((object) => object.key));
  }
  if (keys.length === 0) return;
  await store.delete([systemBackupConfigKey(version, name)], call);
  await store.delete(keys, call);
}

async function isThere(store: ObjectStore, key: string, call: CallOptions): Promise<boolean> {
  try {
    await store.head({ key, ...call });
    return true;
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return false;
    throw error;
  }
}

function alreadyExists(key: string): StoreError {
  return new StoreError('AlreadyExists', {
    action: `write object '${key}'`,
    detail: `${key} already exists`,
    cure: 'use another name, or delete it first',
    key,
  });
}

function callOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}
