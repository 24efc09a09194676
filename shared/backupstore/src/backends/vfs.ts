import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StoreError, throwIfCancelled } from '../errors.ts';
import type {
  CallOptions,
  GetOptions,
  KeyOptions,
  ListOptions,
  ListPage,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreCapabilities,
  SweepLeftoversOptions,
} from '../store.ts';
import { toVfsError, errnoOf } from './vfs-errors.ts';
import { sweepFolder } from './vfs-leftovers.ts';
import { listDirectory } from './vfs-list.ts';
import { VfsPaths } from './vfs-paths.ts';

// Opening a link or a pipe must neither follow nor hang.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
// Longhorn prunes at most this many empty parents after a removal (backupstore-format §2).
const MAX_PRUNED_PARENTS = 10;

/**
 * A store in a directory. Writes go to `<file>.tmp.<unix nanoseconds>`, are flushed and renamed, so a reader sees the
 * whole object or none; folders are 0700 as Longhorn's. An absent directory is an empty store. Links are not followed.
 */
export class VfsStore implements ObjectStore {
  readonly capabilities: StoreCapabilities = {
    scheme: 'vfs',
    flatList: false,
    conditionalPut: true,
    conditionalReplace: false,
    batchDelete: false,
    etags: false,
  };
  readonly #paths: VfsPaths;

  /** `root` is the absolute directory of the destination. */
  constructor(root: string) {
    this.#paths = new VfsPaths(root);
  }

  async list(options: ListOptions): Promise<ListPage> {
    const action = `list '${options.prefix}'`;
    throwIfCancelled(options.signal, action);
    try {
      return await listDirectory(this.#paths, options);
    } catch (error) {
      throw toVfsError(error, action);
    }
  }

  async head({ key, signal }: KeyOptions): Promise<ObjectInfo> {
    const action = `look at object '${key}'`;
    throwIfCancelled(signal, action);
    try {
      const file = this.#paths.toPath(key);
      await this.#paths.assertInside(path.dirname(file), key);
      const stat = await lstat(file);
      if (!stat.isFile()) throw new StoreError('NotFound', { action, key });
      return { size: stat.size, mtimeMs: stat.mtimeMs };
    } catch (error) {
      throw toVfsError(error, action, key);
    }
  }

  async get({ key, range, signal }: GetOptions): Promise<ObjectContent> {
    const action = `read object '${key}'`;
    throwIfCancelled(signal, action);
    let handle: FileHandle | undefined;
    try {
      const file = this.#paths.toPath(key);
      await this.#paths.assertInside(path.dirname(file), key);
      handle = await open(file, READ_FLAGS);
      const stat = await handle.stat();
      if (!stat.isFile()) throw new StoreError('NotFound', { action, key });
      const start = Math.min(range?.start ?? 0, stat.size);
      const end = Math.min(range === undefined ? stat.size : range.end + 1, stat.size);
      return { body: await readFully(handle, { start, end, key }), size: stat.size, mtimeMs: stat.mtimeMs };
    } catch (error) {
      throw toVfsError(error, action, key);
    } finally {
      await handle?.close();
    }
  }

  async put({ key, body, ifAbsent = false, signal }: PutOptions): Promise<PutResult> {
    const action = `write object '${key}'`;
    throwIfCancelled(signal, action);
    try {
      const file = this.#paths.toPath(key);
      const folder = path.dirname(file);
      await this.#paths.assertInside(folder, key);
      const temporary = `${file}.tmp.${unixNanoseconds()}`;
      try {
        await writeIntoFolder(folder, temporary, body);
        await (ifAbsent ? link(temporary, file) : rename(temporary, file));
      } finally {
        await unlinkIfExists(temporary);
      }
      await flushFolder(folder);
      return {};
    } catch (error) {
      throw toVfsError(error, action, key);
    }
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    for (const key of keys) {
      const action = `delete object '${key}'`;
      throwIfCancelled(options.signal, action);
      try {
        const file = this.#paths.toPath(key);
        await this.#paths.assertInside(path.dirname(file), key);
        await unlinkIfExists(file);
        await this.#pruneParents(key);
      } catch (error) {
        throw toVfsError(error, action, key);
      }
    }
  }

  async sweepLeftovers(folder: string, options: SweepLeftoversOptions = {}): Promise<void> {
    try {
      const place = this.#paths.toFolderPath(folder);
      await this.#paths.assertInside(place, folder);
      await sweepFolder(place, options);
    } catch (error) {
      throw toVfsError(error, `sweep '${folder}'`);
    }
  }

  close(): void {
    // Nothing is kept open between calls.
  }

  async #pruneParents(key: string): Promise<void> {
    const folders = key.split('/').slice(0, -1);
    for (let pruned = 0; pruned < MAX_PRUNED_PARENTS && folders.length > 1; pruned++) {
      try {
        await rmdir(this.#paths.toPath(folders.join('/')));
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') return;
      }
      folders.pop();
    }
  }
}

async function readFully(
  handle: FileHandle,
  { start, end, key }: { start: number; end: number; key: string },
): Promise<Buffer> {
  const body = Buffer.allocUnsafe(end - start);
  let filled = 0;
  while (filled < body.length) {
    const { bytesRead } = await handle.read(body, filled, body.length - filled, start + filled);
    if (bytesRead === 0) {
      throw new StoreError('Unavailable', { action: `read object '${key}'`, detail: 'the file became shorter', key });
    }
    filled += bytesRead;
  }
  return body;
}

/**
 * Makes a folder and those above it, for their owner only; one that is there is left as it is. Not Node's `recursive`: where a file system says
 * ENOENT for good (/proc, autofs), that one never ends and keeps a thread busy.
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return;
    const parent = path.dirname(folder);
    if (errno !== 'ENOENT' || parent === folder) throw error;
    await makeFolder(parent);
    await mkdir(folder, { mode: 0o700 }).catch((again: unknown) => {
      if (errnoOf(again) !== 'EEXIST') throw again;
    });
  }
}

/** How often a folder is made again that a deletion beside us, which prunes empty ones, took away before our file was in it. */
const MAX_FOLDER_ATTEMPTS = 10;

async function writeIntoFolder(folder: string, file: string, body: Uint8Array): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await makeFolder(folder);
      await writeFlushed(file, body);
      return;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === MAX_FOLDER_ATTEMPTS) throw error;
    }
  }
}

async function writeFlushed(file: string, body: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o666);
  try {
    await handle.writeFile(body);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// MUST: without this a crash may lose a rename that was already reported as done.
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlinkIfExists(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

let lastNanoseconds = 0n;

// Unique within the process, also when two writes fall into one clock tick.
function unixNanoseconds(): bigint {
  const now = BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
  lastNanoseconds = now > lastNanoseconds ? now : lastNanoseconds + 1n;
  return lastNanoseconds;
}
