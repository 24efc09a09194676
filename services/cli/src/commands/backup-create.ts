import { createHash, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { encodeBackupUrl } from '@mooring/api';
import {
  compressionMethods,
  createBackup,
  isStoreError,
  isStoreName,
  type BackedUpSnapshot,
  type CompressionMethod,
  type CreateBackupOptions,
  type CreateBackupResult,
} from '@mooring/backupstore';
import { openFileReader } from '@mooring/datapath';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { InProgressFile } from '../in-progress-file.ts';
import { interruptible } from '../interrupt.ts';
import { labelsFrom } from '../labels.ts';
import { ProgressBar } from '../progress-bar.ts';

const MIB = 1024 * 1024;

/** Flags of `backup create`. */
export interface CreateFlags {
  readonly dest?: string;
  readonly volume?: string;
  readonly backupName?: string;
  readonly snapshotName?: string;
  readonly snapshotCreated?: string;
  readonly mode?: string;
  readonly compressionMethod: string;
  /** MiB. */
  readonly backupBlockSize: string;
  readonly concurrentLimit: string;
  readonly label?: readonly string[];
  readonly backingImageName?: string;
  readonly backingImageChecksum?: string;
  readonly storageClassName?: string;
  readonly output?: string;
}

/**
 * `backup create FILE --dest URL --volume NAME`: backs up a file or block device. Prints the line that Longhorn's engine
 * prints; with `-o json` more of it. Killed or interrupted, the same command with the same `--backup-name` goes on.
 */
export async function createFileBackup(
  context: Context,
  file: string | undefined,
  flags: CreateFlags,
): Promise<string> {
  const dest = required(flags.dest, 'dest URL');
  const volume = required(flags.volume, 'volume');
  const path = resolve(required(file, 'file'));
  const backup = flags.backupName ?? `backup-${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  if (!isStoreName(volume)) throw new CliError(`invalid volume name ${volume}`);
  if (!isStoreName(backup)) throw new CliError(`invalid backup name ${backup}`);
  const settings = settingsFrom(flags);
  const source = await openFileReader(path);
  const store = await context.open(dest);
  const bar = new ProgressBar(context.world);
  using interrupt = interruptible();
  try {
    const state = new InProgressFile(context.world, { dest, volume, backup });
    const result = await createBackup({
      ...{ store, source, backup, ...settings },
      volume: { name: volume, ...volumeExtras(flags) },
      snapshot: await snapshotFrom(path, flags),
      inProgress: await state.read(),
      saveInProgress: async (mark) => {
        await state.save(mark);
      },
      signal: interrupt.signal,
      onProgress: bar.show,
      ...logging(context),
    });
    await state.forget();
    bar.end();
    return shown(result, {
      url: encodeBackupUrl({ backup, volume, targetUrl: dest }),
      isWhole: flags.output === 'json',
    });
  } catch (error) {
    bar.end();
    if (!isStoreError(error, 'Cancelled') || !interrupt.signal.aborted) throw error;
    throw new CliError(`backup '${backup}' is paused; the same command with --backup-name ${backup} goes on`, {
      cause: error,
    });
  } finally {
    store.close();
    await source.close();
  }
}

function logging({ log }: Context): Pick<CreateBackupOptions, 'onWaiting' | 'log'> {
  return {
    onWaiting: ({ reason }) => {
      log('warning', reason);
    },
    log: (message) => {
      log('warning', message);
    },
  };
}

function settingsFrom(
  flags: CreateFlags,
): Pick<CreateBackupOptions, 'mode' | 'compression' | 'blockSizeBytes' | 'concurrency' | 'labels'> {
  const { mode, compressionMethod, label = [] } = flags;
  const compression = compressionMethods.find((method) => method === compressionMethod);
  if (compression === undefined) throw new CliError(`unsupported compression method: ${compressionMethod}`);
  if (mode !== undefined && mode !== 'full' && mode !== 'incremental') {
    throw new CliError(`invalid mode ${mode}: use full or incremental`);
  }
  const labels = labelsFrom(label);
  return {
    ...(mode !== undefined && { mode }),
    ...(labels !== undefined && { labels }),
    compression: compression satisfies CompressionMethod,
    blockSizeBytes: wholeNumber(flags.backupBlockSize, 'backup-block-size') * MIB,
    concurrency: wholeNumber(flags.concurrentLimit, 'concurrent-limit'),
  };
}

function volumeExtras({ backingImageName, backingImageChecksum, storageClassName }: CreateFlags) {
  return { backingImageName, backingImageChecksum, storageClassName };
}

// By default both follow from the file, so that the same command means the same backup while the file is the same.
async function snapshotFrom(path: string, flags: CreateFlags): Promise<BackedUpSnapshot> {
  const { size, mtimeNs, mtime } = await stat(path, { bigint: true });
  const id = createHash('sha256').update([path, size, mtimeNs].join('\n')).digest('hex').slice(0, 16);
  return {
    name: flags.snapshotName ?? `snapshot-${id}`,
    createdAt: flags.snapshotCreated ?? `${mtime.toISOString().slice(0, 19)}Z`,
  };
}

function shown({ config }: CreateBackupResult, { url, isWhole }: { url: string; isWhole: boolean }): string {
  const line = { backupID: config.name, isIncremental: config.isIncremental, replicaAddress: '' };
  const { size, newlyUploadedDataSize, reUploadedDataSize, createdTime: created, snapshotName } = config;
  const more = { backupURL: url, snapshotName, created, size, newlyUploadedDataSize, reUploadedDataSize };
  return `${JSON.stringify(isWhole ? { ...line, ...more } : line)}\n`;
}

function required(value: string | undefined, what: string): string {
  if (value !== undefined && value !== '') return value;
  throw new CliError(`cannot find valid required parameter: ${what}`);
}

function wholeNumber(text: string, flag: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError(`invalid value '${text}' for --${flag}: it must be a whole number`);
}
