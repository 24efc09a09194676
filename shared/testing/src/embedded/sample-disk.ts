import { createCipheriv } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

const MIB = 1024 * 1024;

/** Size of the sample's disk, bytes: 16 blocks of its backups. What nothing is written to is a hole. */
export const DISK_SIZE_BYTES = 32 * MIB;

/** Makes the disk unless it is there: a third of noise, text of 4 MiB, holes. */
export async function makeDisk(path: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  // Under another name first: a start that is killed half-way makes it again.
  const draft = `${path}.making`;
  await writeParts(draft, 'w', [
    [0, noise(10 * MIB, 1)],
    [16 * MIB, text(4 * MIB, 'first')],
  ]);
  await rename(draft, path);
}

/** Changes two blocks and fills one that was a hole. Always the same: doing it again changes nothing. */
export function changeDisk(path: string): Promise<void> {
  return writeParts(path, 'r+', [
    [2 * MIB, noise(2 * MIB, 2)],
    [18 * MIB, text(2 * MIB, 'second')],
    [24 * MIB, noise(MIB, 3)],
  ]);
}

async function writeParts(path: string, flags: 'w' | 'r+', parts: readonly (readonly [number, Buffer])[]) {
  const file: FileHandle = await open(path, flags, 0o600);
  try {
    await file.truncate(DISK_SIZE_BYTES);
    for (const [position, content] of parts) await file.write(content, 0, content.length, position);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Bytes that no method compresses; the same for the same seed. */
function noise(sizeBytes: number, seed: number): Buffer {
  return createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

function text(sizeBytes: number, what: string): Buffer {
  return Buffer.alloc(sizeBytes, `This is text of the ${what} version of the sample's disk.\n`);
}
