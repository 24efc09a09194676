import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compressBlock, storeChecksum, type CompressionMethod } from '@mooring/backupstore';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/longhorn-vectors');

/** What the store holds after a step. */
export interface VectorState {
  /** Every path, sorted. */
  readonly files: readonly string[];
  /** The text of every config. */
  readonly configs: Readonly<Record<string, string>>;
}

/** One thing that the reference library did. */
export type VectorStep =
  | {
      readonly op: 'create';
      readonly backup: string;
      readonly snapshot: string;
      readonly snapshotCreatedAt: string;
      readonly mode: 'full' | null;
      readonly labels: Readonly<Record<string, string>> | null;
      readonly incremental: boolean;
      readonly after: VectorState;
    }
  | { readonly op: 'delete'; readonly backup: string; readonly after: VectorState }
  | {
      readonly op: 'restore-incremental';
      readonly lastBackup: string;
      readonly backup: string;
      readonly size: number;
      readonly allocated: readonly [offset: number, length: number][];
      readonly sha256: string;
    };

/** A sequence on one volume (its README has the shape). */
export interface Vector {
  readonly volume: string;
  readonly compression: CompressionMethod;
  readonly blockSize: number;
  /** Per snapshot one entry a block: a seed, or null for a hole. */
  readonly images: Readonly<Record<string, readonly (string | null)[]>>;
  readonly steps: readonly VectorStep[];
}

/** All sequences, by file name. */
export async function readVectors(): Promise<Map<string, Vector>> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'));
  const read = async (name: string): Promise<[string, Vector]> => [
    name,
    JSON.parse(await readFile(path.join(FOLDER, name), 'utf8')) as Vector,
  ];
  return new Map(await Promise.all(names.map(read)));
}

/** The content of a block: the 64 bytes of SHA-512(seed), repeated. */
function blockOf(seed: string, blockSize: number): Buffer {
  return Buffer.alloc(blockSize, createHash('sha512').update(seed).digest());
}

/** Writes the store as it was after a step into a folder, in place of what is there. */
export async function writeState(root: string, vector: Vector, state: VectorState): Promise<void> {
  await rm(root, { recursive: true, force: true });
  const bodies = await blockBodies(vector);
  for (const file of state.files) {
    const checksum = /([0-9a-f]{64})\.blk$/.exec(file)?.[1];
    const body = checksum === undefined ? state.configs[file] : bodies.get(checksum);
    if (body === undefined) throw new Error(`the vector does not say what is in ${file}`);
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, body);
  }
}

/** What a store in a folder holds. */
export async function readState(root: string): Promise<VectorState> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
  const configs: Record<string, string> = {};
  for (const file of files)
    if (/\.(cfg|lck)$/.test(file)) configs[file] = await readFile(path.join(root, file), 'utf8');
  return { files, configs };
}

async function blockBodies({ images, blockSize, compression }: Vector): Promise<Map<string, Uint8Array>> {
  const seeds = new Set(Object.values(images).flatMap((image) => image.filter((seed) => seed !== null)));
  const bodies = new Map<string, Uint8Array>();
  // A block that became a hole is read as zeros by an incremental backup.
  for (const block of [Buffer.alloc(blockSize), ...[...seeds].map((seed) => blockOf(seed, blockSize))]) {
    bodies.set(storeChecksum(block), await compressBlock(compression, block));
  }
  return bodies;
}
