import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  blockKey,
  backupConfigKey,
  compressBlock,
  encodeBackupConfig,
  encodeVolumeConfig,
  storeChecksum,
  volumeConfigKey,
  type BackupConfig,
  type ObjectStore,
} from '@mooring/backupstore';

/** The volume of {@link fillSmallStore}. */
export const VOLUME = 'pvc-small';
// Small, for only the number of blocks matters.
const BLOCK_BYTES = 4096;
const BLOCKS = 8;
const DAY_MS = 24 * 3600 * 1000;
const FIRST_DAY = Date.UTC(2026, 0, 1);

/** Seeds of the blocks of each backup's image, `.` for a hole: shared, repeated, own and gone blocks. */
export const IMAGES: Readonly<Record<string, string>> = {
  'backup-1': 'abca.def',
  'backup-2': 'abxa..ef',
  'backup-3': 'ybxaz.e.',
};

/** Bytes of the volume. */
export const VOLUME_BYTES = BLOCKS * BLOCK_BYTES;

/** The image of a backup. */
export function imageOf(backup: string): Buffer {
  return Buffer.concat(seedsOf(backup).map((seed) => (seed === '.' ? Buffer.alloc(BLOCK_BYTES) : blockOf(seed))));
}

/** SHA-256 of a backup's image. */
export function digestOf(backup: string): string {
  return createHash('sha256').update(imageOf(backup)).digest('hex');
}

/** Writes a sound store of one volume with the three backups, and one block that nothing refers to. */
export async function fillSmallStore(store: ObjectStore): Promise<void> {
  const names = Object.keys(IMAGES);
  const seeds = new Set(names.flatMap((name) => seedsOf(name).filter((seed) => seed !== '.')));
  for (const seed of [...seeds, 'orphan']) {
    const block = blockOf(seed);
    await store.put({ key: blockKey(VOLUME, storeChecksum(block)), body: await compressBlock('lz4', block) });
  }
  for (const name of names) {
    await store.put({ key: backupConfigKey(VOLUME, name), body: encodeBackupConfig(backupConfig(name)) });
  }
  const last = names.at(-1) ?? '';
  await store.put({
    key: volumeConfigKey(VOLUME),
    body: encodeVolumeConfig({
      name: VOLUME,
      size: String(VOLUME_BYTES),
      labels: null,
      createdTime: dayOf(0),
      lastBackupName: last,
      lastBackupAt: dayOf(names.length),
      blockCount: String(seeds.size),
      backingImageName: '',
      backingImageChecksum: '',
      compressionMethod: 'lz4',
      storageClassName: '',
      dataEngine: 'v1',
    }),
  });
}

/** The config of one of the backups. */
export function backupConfig(name: string): BackupConfig {
  const blocks = seedsOf(name).flatMap((seed, index) =>
    seed === '.' ? [] : [{ offset: index * BLOCK_BYTES, checksum: storeChecksum(blockOf(seed)) }],
  );
  const created = dayOf(Object.keys(IMAGES).indexOf(name) + 1);
  return {
    name,
    volumeName: VOLUME,
    snapshotName: `snapshot-of-${name}`,
    snapshotCreatedAt: created,
    createdTime: created,
    size: String(blocks.length * BLOCK_BYTES),
    labels: null,
    parameters: { 'backup-block-size': String(BLOCK_BYTES) },
    isIncremental: name !== 'backup-1',
    compressionMethod: 'lz4',
    newlyUploadedDataSize: '1',
    reUploadedDataSize: '0',
    processingBlocks: 'null',
    blocks,
    singleFilePath: '',
  };
}

/** Writes everything that a store holds into a folder. */
export async function dumpStore(store: ObjectStore, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  let continuation: string | undefined;
  do {
    const page = await store.list({ prefix: '', ...(continuation !== undefined && { continuation }) });
    for (const { key } of page.objects) {
      const file = path.join(folder, key);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, (await store.get({ key })).body);
    }
    continuation = page.continuation;
  } while (continuation !== undefined);
}

function seedsOf(backup: string): string[] {
  return Array.from(IMAGES[backup] ?? '');
}

function blockOf(seed: string): Buffer {
  return Buffer.alloc(BLOCK_BYTES, createHash('sha512').update(seed).digest());
}

function dayOf(day: number): string {
  return `${new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 19)}Z`;
}
