import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Destination, OpenDestinationOptions } from '../engine.ts';
import { DataPathError } from '../errors.ts';
import { errnoOf, toReadError, toWriteError } from './file-errors.ts';
import { loadLibc, type Libc } from './native.ts';

// Beside the file, so that it can be renamed; a leftover of a killed restore is overwritten by the next.
const DRAFT_SUFFIX = '.restoring';
const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Opens a file or block device for writing. A file is written under another name and renamed at the commit, or in place with
 * `update`; a device always in place. Errors: `DestinationTooSmall` (a device), `WriteFailed`.
 */
export async function openFileDestination(path: string, options: OpenDestinationOptions): Promise<Destination> {
  const action = `open destination '${path}'`;
  const { sizeBytes, update = false } = options;
  let handle: FileHandle | undefined;
  try {
    const libc = await loadLibc();
    const isDevice = await isBlockDevice(path);
    const draft = isDevice || update ? undefined : `${path}${DRAFT_SUFFIX}`;
    handle = await openForWriting(draft ?? path, draft !== undefined);
    if (isDevice) assertFits(libc?.sizeByEnd(handle.fd), sizeBytes, action);
    else await handle.truncate(sizeBytes);
    const destination = new FileDestination({ path, draft, handle, sizeBytes, libc });
    // What a device holds from before is not the volume's.
    if (isDevice && !update) await destination.punchHole(0, sizeBytes);
    return destination;
  } catch (error) {
    await handle?.close();
    throw toWriteError(error, action);
  }
}

async function isBlockDevice(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isBlockDevice();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function openForWriting(path: string, truncate: boolean): Promise<FileHandle> {
  if (truncate) return await open(path, 'w+', 0o600);
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return await open(path, 'wx+', 0o600);
  }
}

function assertFits(deviceBytes: number | undefined, sizeBytes: number, action: string): void {
  if (deviceBytes !== undefined && deviceBytes >= sizeBytes) return;
  const detail = `it has ${String(deviceBytes ?? 'an unknown number of')} bytes, the volume ${String(sizeBytes)}`;
  throw new DataPathError('DestinationTooSmall', { action, detail });
}

interface OpenedDestination {
  readonly path: string;
  /** The name it has until the commit; `undefined`: it is written in place. */
  readonly draft: string | undefined;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly libc: Libc | undefined;
}

class FileDestination implements Destination {
  readonly sizeBytes: number;
  readonly #opened: OpenedDestination;
  #hasEnded = false;

  constructor(opened: OpenedDestination) {
    this.#opened = opened;
    this.sizeBytes = opened.sizeBytes;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const { handle, path } = this.#opened;
    const action = `write destination '${path}'`;
    if (offset + data.length > this.sizeBytes) {
      const detail = `byte ${String(offset + data.length)} lies behind its end`;
      throw new DataPathError('WriteFailed', { action, detail });
    }
    try {
      for (let done = 0; done < data.length;) {
        done += (await handle.write(data, done, data.length - done, offset + done)).bytesWritten;
      }
    } catch (error) {
      throw toWriteError(error, action);
    }
  }

  async punchHole(offset: number, length: number): Promise<void> {
    const { handle, libc } = this.#opened;
    if (length === 0 || libc?.punchRange(handle.fd, offset, length) === true) return;
    for (let done = 0; done < length; done += ZEROS.length) {
      await this.write(offset + done, ZEROS.subarray(0, Math.min(ZEROS.length, length - done)));
    }
  }

  async read(offset: number, length: number, buffer: Uint8Array): Promise<void> {
    const { handle, path } = this.#opened;
    const action = `read destination '${path}'`;
    try {
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw new DataPathError('ReadFailed', { action, detail: 'it ends too early' });
        done += bytesRead;
      }
    } catch (error) {
      throw toReadError(error, action);
    }
  }

  async commit(): Promise<void> {
    if (this.#hasEnded) return;
    const { handle, path, draft } = this.#opened;
    try {
      await handle.sync();
      if (draft !== undefined) await rename(draft, path);
      this.#hasEnded = true;
      await handle.close();
      if (draft !== undefined) await syncFolder(dirname(path));
    } catch (error) {
      throw toWriteError(error, `commit destination '${path}'`);
    }
  }

  async abort(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { handle, draft } = this.#opened;
    await handle.close();
    if (draft !== undefined) await rm(draft, { force: true });
  }
}

// MUST: without this a crash may lose a rename that was already reported as done.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
