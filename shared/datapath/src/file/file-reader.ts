import { open, type FileHandle } from 'node:fs/promises';
import { DataPathError } from '../errors.ts';
import type { ByteRange, SnapshotReader } from '../engine.ts';
import { toReadError } from './file-errors.ts';
import { loadLibc, type Libc } from './native.ts';

/**
 * Opens a plain file or block device for reading, as it is. Its allocated ranges are known where the file system tells
 * them; what has changed is never: that is found by comparing with the base's block list. Errors: `SourceNotFound`, `ReadFailed`.
 */
export async function openFileReader(path: string): Promise<SnapshotReader> {
  const action = `open volume '${path}'`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile() && !stat.isBlockDevice()) {
      throw new DataPathError('SourceNotFound', { action, detail: 'it is neither a file nor a block device' });
    }
    const libc = await loadLibc();
    const sizeBytes = stat.isFile() ? Number(stat.size) : libc?.sizeByEnd(handle.fd);
    if (sizeBytes === undefined) throw new DataPathError('ReadFailed', { action, detail: 'its size cannot be told' });
    const version = stat.isFile() ? `${String(stat.size)} ${String(stat.mtimeNs)} ${String(stat.ctimeNs)}` : undefined;
    return new FileReader({ path, handle, sizeBytes, libc, version });
  } catch (error) {
    await handle?.close();
    throw toReadError(error, action);
  }
}

interface OpenedFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly libc: Libc | undefined;
  /** Changes when a file is written to; `undefined` for a device, which does not tell. */
  readonly version: string | undefined;
}

class FileReader implements SnapshotReader {
  readonly sizeBytes: number;
  readonly #file: OpenedFile;
  #isClosed = false;

  constructor(file: OpenedFile) {
    this.#file = file;
    this.sizeBytes = file.sizeBytes;
  }

  changedRanges(base?: string): AsyncIterable<ByteRange> | 'unknown' {
    const { handle, libc, version } = this.#file;
    const isFile = version !== undefined;
    if (base !== undefined || libc === undefined || !isFile) return 'unknown';
    return libc.seekHole(handle.fd, 0) === 'unknown' ? 'unknown' : this.#allocated(libc);
  }

  async read(offset: number, length: number, buffer: Uint8Array): Promise<void> {
    const { handle, path } = this.#file;
    const action = `read volume '${path}'`;
    for (let filled = 0; filled < length;) {
      let bytesRead: number;
      try {
        ({ bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled));
      } catch (error) {
        throw toReadError(error, action);
      }
      if (bytesRead === 0)
        throw new DataPathError('SourceChanged', { action, detail: 'it became shorter while it was read' });
      filled += bytesRead;
    }
  }

  async assertUnchanged(): Promise<void> {
    const { handle, path, version } = this.#file;
    if (version === undefined) return;
    const stat = await handle.stat({ bigint: true });
    if (version === `${String(stat.size)} ${String(stat.mtimeNs)} ${String(stat.ctimeNs)}`) return;
    const detail = 'it was written to while it was read';
    throw new DataPathError('SourceChanged', { action: `read volume '${path}'`, detail });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.handle.close();
  }

  async *#allocated(libc: Libc): AsyncGenerator<ByteRange> {
    const { fd } = this.#file.handle;
    for (let at = 0; at < this.sizeBytes;) {
      const start = this.#found(libc.seekData(fd, at));
      if (start >= this.sizeBytes) return;
      const end = Math.min(this.#found(libc.seekHole(fd, start)), this.sizeBytes);
      yield { offset: start, length: end - start };
      at = end;
    }
  }

  #found(place: number | 'end' | 'unknown'): number {
    if (place === 'end') return this.sizeBytes;
    if (place !== 'unknown') return place;
    const detail = 'its holes cannot be found any more';
    throw new DataPathError('ReadFailed', { action: `read volume '${this.#file.path}'`, detail });
  }
}
