import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Every file of a store in a folder with its size, as `/backupstore/volumes/... 123`, sorted. The marker is ours, locks come and go. */
export async function bytesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/\.lck|mooring\.json/.test(entry.name));
  const sizes = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return `${path.slice(folder.length)} ${String((await stat(path)).size)}`;
  });
  return (await Promise.all(sizes)).sort();
}
