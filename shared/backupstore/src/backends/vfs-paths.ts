import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../errors.ts';
import { errnoOf } from './vfs-errors.ts';

/**
 * Maps keys to paths below one root and proves that they stay there. Symlinks inside the root are never followed (they
 * are no objects); the root itself may be one. Throws `Invalid` for a key or folder that leaves the root.
 */
export class VfsPaths {
  readonly #root: string;
  #realRoot: string | undefined;

  /** `root` is the absolute directory of the destination; it need not exist. */
  constructor(root: string) {
    this.#root = path.resolve(root);
  }

  /** The path of a key, checked for its shape only. Throws `Invalid`. */
  toPath(key: string): string {
    const bad = key.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
    if (bad || key.includes('\0')) throw outside(key);
    return path.join(this.#root, ...key.split('/'));
  }

  /** The path of a folder key: `''` (the root) or ending in `/`. Throws `Invalid`. */
  toFolderPath(folder: string): string {
    return folder === '' ? this.#root : this.toPath(folder.slice(0, -1));
  }

  /** Throws `Invalid` unless every existing part of `folderPath` lies below the root without any symlink; an absent folder passes. */
  async assertInside(folderPath: string, key: string): Promise<void> {
    const realRoot = await this.#resolveRoot();
    if (realRoot === undefined) return;
    for (let current = folderPath; current.length >= this.#root.length; current = path.dirname(current)) {
      const real = await realpathIfExists(current);
      if (real === undefined) continue;
      if (real !== path.join(realRoot, path.relative(this.#root, current))) throw outside(key);
      return;
    }
  }

  /** Whether the root is a directory, or a link to one; false also when there is nothing. */
  async isRootDirectory(): Promise<boolean> {
    const found = await stat(this.#root).catch(() => undefined);
    return found?.isDirectory() ?? false;
  }

  async #resolveRoot(): Promise<string | undefined> {
    this.#realRoot ??= await realpathIfExists(this.#root);
    return this.#realRoot;
  }
}

async function realpathIfExists(target: string): Promise<string | undefined> {
  try {
    return await realpath(target);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw error;
  }
}

function outside(key: string): StoreError {
  return new StoreError('Invalid', {
    action: `open '${key}'`,
    detail: 'the path leaves the directory of the store',
    cure: "remove symbolic links, '.' and '..' below the directory of the store",
    key,
  });
}
