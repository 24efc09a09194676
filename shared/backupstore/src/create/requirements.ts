import { isStoreName } from '@mooring/api';
import { StoreError } from '../errors.ts';
import { DEFAULT_BLOCK_BYTES } from '../format/block-size.ts';
import type { CreateBackupOptions } from './types.ts';

// The setting's default (longhorn-manager: backup-concurrent-limit).
const DEFAULT_CONCURRENCY = 2;
const MAX_CONCURRENCY = 256;
// The largest block that the decoders here take.
const MAX_BLOCK_BYTES = 1024 ** 3;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** How many blocks at once: what was asked for within 1 to 256 (0 hangs for ever in Longhorn); default 2. */
export function createConcurrency(asked: number = DEFAULT_CONCURRENCY): number {
  return Math.min(MAX_CONCURRENCY, Math.max(1, Math.floor(asked)));
}

/**
 * Checks what a backup is asked for before anything is asked of the store, and returns the block size. Throws
 * `InvalidOption`: a name that no reader takes, a time that is none, a block size that does not divide the volume's.
 */
export function checkCreateOptions(options: CreateBackupOptions): number {
  const { volume, backup, snapshot, source, blockSizeBytes = DEFAULT_BLOCK_BYTES } = options;
  const names = { 'volume name': volume.name, 'backup name': backup };
  for (const [what, name] of Object.entries(names)) {
    if (!isStoreName(name)) throw invalid(backup, `invalid ${what} ${name}`, 'use two or more of A-Z a-z 0-9 _ . -');
  }
  if (!RFC_3339.test(snapshot.createdAt) || Number.isNaN(Date.parse(snapshot.createdAt))) {
    throw invalid(backup, `invalid snapshot time ${snapshot.createdAt}`, 'write it as 2026-01-02T03:04:05Z');
  }
  checkBlockSize(backup, blockSizeBytes);
  checkSize(backup, source.sizeBytes, blockSizeBytes);
  return blockSizeBytes;
}

function checkBlockSize(backup: string, blockBytes: number): void {
  if (Number.isSafeInteger(blockBytes) && blockBytes > 0 && blockBytes <= MAX_BLOCK_BYTES) return;
  throw invalid(backup, `invalid block size ${String(blockBytes)}`, 'use 2 or 16 MiB');
}

function checkSize(backup: string, sizeBytes: number, blockBytes: number): void {
  if (sizeBytes > 0 && sizeBytes % blockBytes === 0) return;
  const detail = `the volume's size ${String(sizeBytes)} is no multiple of the block size ${String(blockBytes)}`;
  throw invalid(backup, detail, 'make the volume larger by the rest (for a file: truncate -s %2M FILE)');
}

function invalid(backup: string, detail: string, cure: string): StoreError {
  return new StoreError('InvalidOption', { action: `create backup '${backup}'`, detail, cure });
}
