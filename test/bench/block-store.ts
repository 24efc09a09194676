import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  backupConfigKey,
  blockKey,
  compressBlock,
  encodeBackupConfig,
  encodeVolumeConfig,
  openStore,
  storeChecksum,
  volumeConfigKey,
  type BackupConfig,
  type BlockReference,
  type ObjectStore,
} from '@mooring/backupstore';
import type { S3Server } from '@mooring/testing';

const BLOCK_BYTES = 2 * 1024 * 1024;
const CREATED = '2026-01-02T03:04:05Z';

/** A volume written straight into the server's folder: uploading it would take longer than the rest. */
export class BlockStore {
  readonly volume: string;
  readonly #folder: string;
  readonly #sizeBytes: number;

  constructor(folder: string, volume: string, sizeBytes: number) {
    this.#folder = folder;
    this.volume = volume;
    this.#sizeBytes = sizeBytes;
  }

  /** Writes random blocks of 2 MiB, lz4 as the format has them; their checksums. */
  async writeRandomBlocks(count: number): Promise<string[]> {
    const checksums: string[] = [];
    for (let n = 0; n < count; n++) {
      const block = randomBytes(BLOCK_BYTES);
      checksums.push(storeChecksum(block));
      await this.write(blockKey(this.volume, checksums[n] ?? ''), await compressBlock('lz4', block));
    }
    return checksums;
  }

  /** Writes blocks of one byte each, for only their number matters; their checksums. */
  async writeTinyBlocks(count: number, label: string): Promise<string[]> {
    const checksums = Array.from({ length: count }, (_, n) => storeChecksum(`${label} ${String(n)}`));
    for (const checksum of checksums) await this.write(blockKey(this.volume, checksum), Buffer.from('x'));
    return checksums;
  }

  /** Writes a complete backup with the given blocks, evenly spread over the volume. */
  async writeBackup(backup: string, checksums: readonly string[]): Promise<void> {
    const step = Math.floor(this.#sizeBytes / BLOCK_BYTES / Math.max(1, checksums.length)) * BLOCK_BYTES;
    const blocks = checksums.map((checksum, n): BlockReference => ({ offset: n * step, checksum }));
    await this.write(backupConfigKey(this.volume, backup), encodeBackupConfig(this.#config(backup, blocks)));
  }

  /** Writes `volume.cfg`. */
  async writeVolume(lastBackupName: string, blockCount: number): Promise<void> {
    const config = {
      ...{ name: this.volume, size: String(this.#sizeBytes), labels: null, createdTime: CREATED },
      ...{ lastBackupName, lastBackupAt: CREATED, blockCount: String(blockCount), compressionMethod: 'lz4' },
      ...{ backingImageName: '', backingImageChecksum: '', storageClassName: '', dataEngine: 'v1' },
    };
    await this.write(volumeConfigKey(this.volume), encodeVolumeConfig(config));
  }

  /** Writes one file. */
  async write(key: string, body: Uint8Array): Promise<void> {
    const file = path.join(this.#folder, key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, body);
  }

  #config(name: string, blocks: readonly BlockReference[]): BackupConfig {
    return {
      ...{ name, volumeName: this.volume, snapshotName: `snapshot-of-${name}`, snapshotCreatedAt: CREATED },
      ...{ createdTime: CREATED, size: String(blocks.length * BLOCK_BYTES), labels: null, parameters: null },
      ...{ isIncremental: false, compressionMethod: 'lz4', newlyUploadedDataSize: '1', reUploadedDataSize: '0' },
      ...{ processingBlocks: 'null', blocks, singleFilePath: '' },
    };
  }
}

/** Opens a bucket of the bench's server through `endpoint`, its proxy. */
export async function openBucket(server: S3Server, bucket: string, endpoint: string): Promise<ObjectStore> {
  return await openStore({
    url: `s3://${bucket}@${server.region}/`,
    credentials: {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_ENDPOINTS: endpoint,
    },
  });
}
