import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { blockKey, encodeBackupConfig, encodeVolumeConfig, storeChecksum, volumePrefix } from '@mooring/backupstore';

/** The shape of a generated store. */
export interface GeneratedShape {
  readonly volumes: number;
  readonly backups: number;
  /** Blocks of each volume; a few bytes each, for only their number matters to a scan. */
  readonly blocks: number;
}

/** Every object of a generated store, in no particular order: key and body. */
export function* generateStore(shape: GeneratedShape): Generator<{ key: string; body: Buffer }> {
  for (let v = 0; v < shape.volumes; v++) {
    const volume = `pvc-${String(v).padStart(5, '0')}`;
    const prefix = volumePrefix(volume);
    yield { key: `${prefix}volume.cfg`, body: volumeConfig(volume, shape) };
    for (let b = 0; b < shape.backups; b++) {
      const name = `backup-${String(b).padStart(16, '0')}`;
      yield { key: `${prefix}backups/backup_${name}.cfg`, body: backupConfig(volume, name, shape.blocks) };
    }
    for (let n = 0; n < shape.blocks; n++) {
      yield { key: blockKey(volume, storeChecksum(`${volume} ${String(n)}`)), body: Buffer.from('x') };
    }
  }
}

/** Writes a generated store into a folder. */
export async function writeStore(folder: string, shape: GeneratedShape): Promise<void> {
  const made = new Set<string>();
  for (const { key, body } of generateStore(shape)) {
    const file = path.join(folder, key);
    const parent = path.dirname(file);
    if (!made.has(parent)) await mkdir(parent, { recursive: true });
    made.add(parent);
    await writeFile(file, body);
  }
}

function volumeConfig(name: string, shape: GeneratedShape): Buffer {
  return encodeVolumeConfig({
    name,
    size: String(1024 ** 3),
    labels: null,
    createdTime: '2026-01-02T03:04:05Z',
    lastBackupName: `backup-${String(shape.backups - 1).padStart(16, '0')}`,
    lastBackupAt: '2026-01-02T04:00:00Z',
    blockCount: String(shape.blocks),
    backingImageName: '',
    backingImageChecksum: '',
    compressionMethod: 'lz4',
    storageClassName: '',
    dataEngine: 'v1',
  });
}

function backupConfig(volumeName: string, name: string, blocks: number): Buffer {
  return encodeBackupConfig({
    name,
    volumeName,
    snapshotName: `snapshot-of-${name}`,
    snapshotCreatedAt: '2026-01-02T04:00:00Z',
    createdTime: '2026-01-02T04:01:00Z',
    size: String(blocks * 2 * 1024 ** 2),
    labels: null,
    parameters: { 'backup-block-size': '2097152' },
    isIncremental: false,
    compressionMethod: 'lz4',
    newlyUploadedDataSize: '1',
    reUploadedDataSize: '0',
    processingBlocks: '{}',
    blocks: Array.from({ length: Math.min(blocks, 3) }, (_, n) => ({
      offset: n * 2 * 1024 ** 2,
      checksum: storeChecksum(`${volumeName} ${String(n)}`),
    })),
    singleFilePath: '',
  });
}
