import { type Backup, resources } from '@mooring/api';
import {
  backupConfigKey,
  type BackupHead,
  isStoreError,
  type ObjectStore,
  readBackupHeadAndEnd,
} from '@mooring/backupstore';
import type { BackupEntry } from '../backup-entry.ts';
import { blockSizeOf, missingBlockSize } from '../block-size.ts';
import type { Parts } from '../parts.ts';
import { BackupConfigError, type Finding } from '../status.ts';

/** Names of a backup in the store. */
export interface StoreNames {
  readonly volume: string;
  readonly backup: string;
}

/**
 * Reads what the store says of a backup, by one ranged GET, or two when its config is longer than 16 KiB. Throws StoreError when the store does
 * not answer; a missing, corrupt or foreign config is a finding, not an error.
 */
export async function readFinding(store: ObjectStore, names: StoreNames, signal: AbortSignal): Promise<Finding> {
  const key = backupConfigKey(names.volume, names.backup);
  try {
    const { config } = await readBackupHeadAndEnd(store, names, { signal });
    return isConfigOf(config, names) ? config : foreign(key, config);
  } catch (error) {
    if (isStoreError(error, 'Corrupt')) return new BackupConfigError('Corrupt', error.message, error);
    // The words are Longhorn's; its programs and tests look for them.
    if (isStoreError(error, 'NotFound'))
      return new BackupConfigError('ConfigNotFound', `cannot find ${key} in backupstore`, error);
    throw error;
  }
}

/**
 * Writes `spec.backupBlockSize` where the config says another than the object (16 MiB, or one that nobody knows); mostly that is nothing to do.
 * Before the status: a pass that dies in between is asked again. Gives the newest metadata for the status write.
 */
export async function recordBlockSize(parts: Parts, entry: BackupEntry, finding: Finding): Promise<Backup['metadata']> {
  const { finalizers: _finalizers, ...metadata } = entry.metadata;
  if (finding instanceof BackupConfigError) return metadata;
  const backupBlockSize = missingBlockSize(entry.blockSize, blockSizeOf(finding.parameters));
  if (backupBlockSize === undefined) return metadata;
  const { name, namespace, uid } = metadata;
  const body = { metadata: { uid }, spec: { backupBlockSize } };
  const patched = await parts.limitWrites(() =>
    parts.client.patch<Backup>(resources.backups, { namespace, name }, body, { kind: 'merge' }),
  );
  return patched.metadata;
}

function isConfigOf(head: BackupHead, names: StoreNames): boolean {
  return head.name === names.backup && head.volumeName === names.volume;
}

function foreign(key: string, head: BackupHead): BackupConfigError {
  const message = `'${key}' describes backup '${head.name}' of volume '${head.volumeName}'; put the right file back, or remove it`;
  return new BackupConfigError('ForeignObject', message);
}
