import { isStoreError, StoreError } from '../errors.ts';
import { isBackupComplete, type BackupHead } from '../format/backup-config.ts';
import { backupConfigKey } from '../layout.ts';
import { readLocks } from '../locks/read-locks.ts';
import { isExpired } from '../locks/judge.ts';
import { lockTypes, type LockOptions } from '../locks/types.ts';
import { readBackupHead, type ReadConfig } from '../read-config.ts';
import type { ObjectInfo } from '../store.ts';
import type { HeldStore } from './held-store.ts';
import type { CreateBackupOptions } from './types.ts';

/** Saved before the in-progress config is written, while there is none: what then stands there is ours. */
export const STARTING = 'starting';

// Design §6: an in-progress config this old, with no live backup's lock, is left by a run that will not come back.
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** What the store has under a backup's name. `version` tells one in-progress config from another. */
export type ExistingBackup =
  | { readonly state: 'absent' }
  | { readonly state: 'complete'; readonly config: BackupHead }
  | ({ readonly state: 'ours' } & OwnInProgress)
  | { readonly state: 'abandoned'; readonly version: string };

/** What tells one version of a config from another: its ETag, or its size, and its time. */
export function versionOf({ etag, size, mtimeMs }: ObjectInfo): string {
  return `${etag ?? String(size)}@${String(mtimeMs)}`;
}

/**
 * Looks whether the backup is there already, and decides whose it is. Throws `BackupExists` when a complete one is of
 * another volume or snapshot, `BackupInProgress` when another writer may still be at it, `Corrupt`, or the store's error.
 */
export async function findExisting(
  held: HeldStore,
  options: CreateBackupOptions,
  lockOptions: LockOptions,
): Promise<ExistingBackup> {
  const found = await readHead(held, options);
  if (found === undefined) return { state: 'absent' };
  const { config, mtimeMs } = found;
  if (isBackupComplete(config)) return { state: 'complete', config: adoptable(config, options) };
  const version = versionOf(found);
  if (options.inProgress === STARTING || options.inProgress === version) return { state: 'ours', ...oursOf(found) };
  const ageMs = held.lock.storeNowMs() - mtimeMs;
  if (ageMs > ABANDONED_AFTER_MS && !(await hasOtherBackupLock(held, lockOptions))) {
    return { state: 'abandoned', version };
  }
  throw inProgress(options);
}

/** An in-progress config of this backup. */
export interface OwnInProgress {
  readonly version: string;
  /** When it was written, by the store's clock. */
  readonly mtimeMs: number;
  readonly etag?: string;
}

/** What is remembered of our own in-progress config. */
export function oursOf(info: ObjectInfo): OwnInProgress {
  const { mtimeMs, etag } = info;
  return { version: versionOf(info), mtimeMs, ...(etag !== undefined && { etag }) };
}

/** Whether the config is in progress in that version still. Throws the store's error. */
export async function isStillInProgress(
  held: HeldStore,
  options: CreateBackupOptions,
  version: string,
): Promise<boolean> {
  const found = await readHead(held, options);
  return found !== undefined && !isBackupComplete(found.config) && versionOf(found) === version;
}

async function readHead(
  { store, signal }: HeldStore,
  { volume, backup }: CreateBackupOptions,
): Promise<ReadConfig<BackupHead> | undefined> {
  try {
    return await readBackupHead(store, { volume: volume.name, backup }, { signal });
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

// MUST: a completed config is never overwritten; one that says the same is the backup that was asked for.
function adoptable(config: BackupHead, { volume, backup, snapshot }: CreateBackupOptions): BackupHead {
  if (config.volumeName === volume.name && config.snapshotName === snapshot.name) return config;
  const action = `create backup '${backup}'`;
  const detail = `backup already exists, of volume '${config.volumeName}' and snapshot '${config.snapshotName}'`;
  throw new StoreError('BackupExists', { action, detail, key: backupConfigKey(volume.name, backup) });
}

function inProgress({ volume, backup }: CreateBackupOptions): StoreError {
  return new StoreError('BackupInProgress', {
    action: `create backup '${backup}'`,
    detail: 'another writer has begun a backup of this name',
    cure: 'wait until it is complete, or use another name; one that was given up is cleared after 24 hours',
    key: backupConfigKey(volume.name, backup),
  });
}

async function hasOtherBackupLock({ lock }: HeldStore, lockOptions: LockOptions): Promise<boolean> {
  const others = await readLocks(lockOptions, lock.name);
  return others.some((other) => other.type === lockTypes.backup && !isExpired(other, lock.storeNowMs()));
}
