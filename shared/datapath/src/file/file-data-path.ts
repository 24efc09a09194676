import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type {
  ByteRange,
  DataPath,
  Destination,
  OpenDestinationOptions,
  OpenSnapshotOptions,
  SnapshotReader,
} from '../engine.ts';
import { DataPathError } from '../errors.ts';
import { openFileDestination } from './file-destination.ts';
import { errnoOf, toReadError, toWriteError } from './file-errors.ts';
import { openFileReader } from './file-reader.ts';

const SNAPSHOTS_SUFFIX = '.snapshots';
const SNAPSHOT_SUFFIX = '.img';
const DRAFT_SUFFIX = '.tmp';
// The unit of `stat.blocks`, whatever the file system's own is.
const BLOCK_BYTES = 512;
const COPY_BYTES = 1024 * 1024;

/** A snapshot of a file. */
export interface FileSnapshot {
  readonly name: string;
  readonly sizeBytes: number;
  /** Space that it takes; what a reflink shares counts too. */
  readonly allocatedBytes: number;
  /** RFC 3339: when it was taken. */
  readonly createdAt: string;
}

/**
 * A volume in a plain file (or block device, which has no snapshots). Snapshots are files in `<file>.snapshots/`, made by reflink
 * where the file system can (at once, without space), else by a copy that keeps holes.
 */
export class FileDataPath implements DataPath {
  readonly #path: string;
  readonly #folder: string;

  /** `path` is absolute; the file need not exist for `openDestination`. */
  constructor(path: string) {
    this.#path = path;
    this.#folder = `${path}${SNAPSHOTS_SUFFIX}`;
  }

  async openSnapshot({ snapshot }: OpenSnapshotOptions): Promise<SnapshotReader> {
    return await openFileReader(this.#fileOf(snapshot));
  }

  async openDestination(options: OpenDestinationOptions): Promise<Destination> {
    return await openFileDestination(this.#path, options);
  }

  /** Whether there is a file or device. Errors: `ReadFailed`. */
  async exists(): Promise<boolean> {
    try {
      await stat(this.#path);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw toReadError(error, `open volume '${this.#path}'`);
    }
  }

  /**
   * Takes a snapshot; one that is there is returned as it is, so it may be repeated after a crash. What writes to the file
   * meanwhile must be paused. Errors: `SourceNotFound`, `InsufficientSpace` with numbers before anything is copied, `WriteFailed`.
   */
  async takeSnapshot(name: string): Promise<FileSnapshot> {
    const present = await this.#find(name);
    if (present !== undefined) return present;
    const target = this.#fileOf(name);
    const draft = `${target}${DRAFT_SUFFIX}`;
    const action = `take snapshot '${name}' of volume '${this.#path}'`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await rm(draft, { force: true });
      if (!(await reflink(this.#path, draft))) await copySparse(this.#path, draft, action);
      await sync(draft);
      await rename(draft, target);
      await sync(this.#folder);
    } catch (error) {
      await rm(draft, { force: true });
      throw errnoOf(error) === 'ENOENT' ? toReadError(error, action) : toWriteError(error, action);
    }
    const taken = await this.#find(name);
    if (taken === undefined) throw new DataPathError('WriteFailed', { action, detail: 'somebody removed it at once' });
    return taken;
  }

  /** Removes a snapshot; one that is not there is no error. Errors: `WriteFailed`. */
  async removeSnapshot(name: string): Promise<void> {
    try {
      await rm(this.#fileOf(name), { force: true });
    } catch (error) {
      throw toWriteError(error, `remove snapshot '${name}' of volume '${this.#path}'`);
    }
  }

  /** All snapshots, by name. Errors: `ReadFailed`. */
  async listSnapshots(): Promise<FileSnapshot[]> {
    try {
      const files = (await readdir(this.#folder)).filter((file) => file.endsWith(SNAPSHOT_SUFFIX)).sort();
      const found = await Promise.all(
        files.map(async (file) => await this.#find(file.slice(0, -SNAPSHOT_SUFFIX.length))),
      );
      return found.filter((snapshot) => snapshot !== undefined);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw toReadError(error, `list the snapshots of volume '${this.#path}'`);
    }
  }

  async #find(name: string): Promise<FileSnapshot | undefined> {
    try {
      // A reflink or copy is made new, and nobody writes to it afterwards.
      const { size, blocks, mtime } = await stat(this.#fileOf(name));
      const allocatedBytes = blocks * BLOCK_BYTES;
      return { name, sizeBytes: size, allocatedBytes, createdAt: `${mtime.toISOString().slice(0, 19)}Z` };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw toReadError(error, `open snapshot '${name}' of volume '${this.#path}'`);
    }
  }

  #fileOf(name: string): string {
    if (name === '' || name.startsWith('.') || name.includes('/') || name.includes('\0')) {
      throw new DataPathError('SourceNotFound', { action: `open snapshot '${name}'`, detail: 'the name is not valid' });
    }
    return join(this.#folder, `${name}${SNAPSHOT_SUFFIX}`);
  }
}

async function reflink(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOSPC') throw error;
    await rm(to, { force: true });
    return false;
  }
}

async function copySparse(from: string, to: string, action: string): Promise<void> {
  const reader = await openFileReader(from);
  const output = await open(to, 'wx', 0o600);
  try {
    const ranges = reader.changedRanges();
    const wanted: ByteRange[] = [];
    if (ranges === 'unknown') wanted.push({ offset: 0, length: reader.sizeBytes });
    else for await (const range of ranges) wanted.push(range);
    const needed = wanted.reduce((sum, { length }) => sum + length, 0);
    await assertSpace(to, needed, action);
    await output.truncate(reader.sizeBytes);
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (const { offset, length } of wanted) {
      for (let at = offset; at < offset + length; at += COPY_BYTES) {
        const size = Math.min(COPY_BYTES, offset + length - at);
        await reader.read(at, size, buffer);
        await output.write(buffer, 0, size, at);
      }
    }
    await reader.assertUnchanged?.();
  } finally {
    await output.close();
    await reader.close();
  }
}

async function assertSpace(path: string, needed: number, action: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  if (free >= needed) return;
  const detail = `it needs ${String(needed)} bytes, ${String(free)} are free`;
  throw new DataPathError('InsufficientSpace', { action, detail });
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
