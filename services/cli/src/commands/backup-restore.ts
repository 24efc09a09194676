import { execFile } from 'node:child_process';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  readBackingImageConfig,
  readVolumeConfig,
  restoreBackingImage,
  restoreBackup,
  restoreIncremental,
  type RestoreOptions,
  type RestoreResult,
} from '@mooring/backupstore';
import { openFileDestination } from '@mooring/datapath';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { concurrencyFrom, runLong, type LongRun } from '../long-run.ts';
import { backingImageOf, parseResourceUrl, requiredBackupOf, volumeOf } from '../urls.ts';

/** Flags of the restores. */
export interface RestoreFlags {
  readonly outputFile?: string;
  readonly outputFormat?: string;
  readonly concurrentLimit?: string;
  readonly lastBackup?: string;
  readonly output?: string;
}

// What a killed restore leaves, and the next one goes on with: every block in it is proven again.
const PARTIAL_SUFFIX = '.partial';

/** `backup restore-to-file URL --output-file F`: a volume as it was, into a file or block device. */
export async function restoreToFile(context: Context, text: string | undefined, flags: RestoreFlags): Promise<string> {
  const url = parseResourceUrl(text, 'backup URL');
  const name = { volume: volumeOf(url), backup: requiredBackupOf(url) };
  const concurrency = concurrencyFrom(flags.concurrentLimit);
  const result = await runLong(context, url.target, async (run) => {
    const { config } = await readVolumeConfig(run.store, name.volume, { signal: run.signal });
    return await restoreInto(flags, Number(config.size), async (destination) =>
      restoreBackup({ ...name, ...destination, ...optionsOf(run, concurrency) }),
    );
  });
  return shown(result, flags);
}

/** `backup restore-incremental URL --last-backup B --output-file DELTA`: what changed since B; a hole is what did not. */
export async function restoreDelta(context: Context, text: string | undefined, flags: RestoreFlags): Promise<string> {
  const url = parseResourceUrl(text, 'backup URL');
  const name = { volume: volumeOf(url), backup: requiredBackupOf(url) };
  const lastBackup = required(flags.lastBackup, 'last-backup');
  const file = required(flags.outputFile, 'output-file');
  const concurrency = concurrencyFrom(flags.concurrentLimit);
  const result = await runLong(context, url.target, async (run) => {
    const { config } = await readVolumeConfig(run.store, name.volume, { signal: run.signal });
    const destination = await openFileDestination(file, { sizeBytes: Number(config.size) });
    const options = { ...name, lastBackup, destination, ...optionsOf(run, concurrency) };
    return await restoreIncremental({ ...options, gone: 'zeros' });
  });
  return shown(result, flags);
}

/** `backing-image restore URL --output-file F`: a backing image as it was. */
export async function restoreImage(context: Context, text: string | undefined, flags: RestoreFlags): Promise<string> {
  const url = parseResourceUrl(text, 'backing image URL');
  const name = backingImageOf(url);
  const concurrency = concurrencyFrom(flags.concurrentLimit);
  const result = await runLong(context, url.target, async (run) => {
    const { config } = await readBackingImageConfig(run.store, name, { signal: run.signal });
    return await restoreInto({ ...flags, outputFormat: 'raw' }, Number(config.size), async (destination) =>
      restoreBackingImage({ name, ...destination, ...optionsOf(run, concurrency) }),
    );
  });
  return shown(result, flags);
}

async function restoreInto(
  flags: RestoreFlags,
  sizeBytes: number,
  restore: (options: Pick<RestoreOptions, 'destination' | 'resume'>) => Promise<RestoreResult>,
): Promise<RestoreResult> {
  const file = required(flags.outputFile, 'output-file');
  const format = flags.outputFormat ?? 'raw';
  if (format !== 'raw' && format !== 'qcow2')
    throw new CliError(`unsupported output format ${format}: use raw or qcow2`);
  if (format === 'qcow2') await requireQemu();
  const present = await kindOf(file);
  if (present === 'device') {
    if (format !== 'raw') throw new CliError('a block device takes only the output format raw');
    return await restore({ destination: await openFileDestination(file, { sizeBytes }) });
  }
  const partial = `${file}${PARTIAL_SUFFIX}`;
  const resume = (await kindOf(partial)) !== 'absent';
  // `update`: what is there stays when this run is killed, or fails.
  const destination = await openFileDestination(partial, { sizeBytes, update: true });
  const result = await restore({ destination, resume });
  if (format === 'raw') await rename(partial, file);
  else await convert(partial, file);
  return result;
}

async function kindOf(file: string): Promise<'absent' | 'device' | 'file'> {
  const found = await stat(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return 'absent';
  return found.isBlockDevice() ? 'device' : 'file';
}

async function requireQemu(): Promise<void> {
  try {
    await promisify(execFile)('qemu-img', ['--version']);
  } catch (error) {
    throw new CliError('qemu-img is not installed: install it, or use --output-format raw', { cause: error });
  }
}

async function convert(raw: string, file: string): Promise<void> {
  const draft = `${file}.converting`;
  // qemu-img makes a file that everybody may read, but keeps the mode of one that is there.
  await rm(draft, { force: true });
  await writeFile(draft, '', { flag: 'wx', mode: 0o600 });
  await promisify(execFile)('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, draft]);
  await rename(draft, file);
  await rm(raw);
}

function optionsOf(
  { store, signal, show, log, onWaiting }: LongRun,
  concurrency: number | undefined,
): Pick<RestoreOptions, 'store' | 'signal' | 'onProgress' | 'log' | 'onWaiting' | 'concurrency'> {
  return { store, signal, onProgress: show, log, onWaiting, concurrency };
}

function shown(result: RestoreResult, { output }: RestoreFlags): string {
  return output === 'json' ? `${JSON.stringify(result)}\n` : '';
}

function required(value: string | undefined, what: string): string {
  if (value !== undefined && value !== '') return value;
  throw new CliError(`cannot find valid required parameter: ${what}`);
}
