import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { throwIfCancelled } from '../errors.ts';
import { isLeftover } from '../layout.ts';
import type { SweepLeftoversOptions } from '../store.ts';
import { errnoOf } from './vfs-errors.ts';

/**
 * Removes what killed writes have left below a folder, and the folders that are empty then. Links are not followed. Throws the
 * system's error, or `Cancelled`.
 */
export async function sweepFolder(folder: string, options: SweepLeftoversOptions): Promise<void> {
  throwIfCancelled(options.signal, `sweep '${folder}'`);
  const entries = await unlessGone(readdir(folder, { withFileTypes: true }));
  for (const entry of entries ?? []) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) await sweepFolder(place, options);
    else if (entry.isFile() && isLeftover(entry.name) && (await isOld(place, options))) await unlessGone(unlink(place));
  }
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
  });
}

async function isOld(file: string, { writtenBeforeMs = Infinity }: SweepLeftoversOptions): Promise<boolean> {
  if (writtenBeforeMs === Infinity) return true;
  const stat = await unlessGone(lstat(file));
  return stat !== undefined && stat.mtimeMs < writtenBeforeMs;
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
