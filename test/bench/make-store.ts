import {
  backupConfigKey,
  encodeBackupConfig,
  encodeVolumeConfig,
  openStore,
  storeChecksum,
  volumeConfigKey,
  volumePrefix,
  type ObjectStore,
} from '@mooring/backupstore';
import type { S3Server } from '@mooring/testing';

/** The shape of a generated store. */
export interface StoreShape {
  /** Number of volumes. */
  volumes: number;
  /** Backups a volume. */
  backups: number;
  /** Blocks a volume, a few bytes each: what counts here is their number. */
  blocks: number;
}

const CREATED = '2026-01-02T03:04:05Z';
const BLOCK_SIZE = 2_097_152;

/** Writes at once: the server is on this machine. */
const PUTS_IN_FLIGHT = 64;

/** Destination URL of the bucket `name`. */
export function bucketUrl(name: string): string {
  return `s3://${name}@us-east-1/`;
}

/** The Secret's keys for `server`, reached at `endpoint` (default: directly). */
export function credentialsFor(server: S3Server, endpoint = server.endpoint): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey, AWS_ENDPOINTS: endpoint };
}

function volumeName(index: number): string {
  return `pvc-${storeChecksum(`volume ${String(index)}`).slice(0, 12)}`;
}

function backupName(volume: string, index: number): string {
  return `backup-${storeChecksum(`${volume} ${String(index)}`).slice(0, 16)}`;
}

function backupBody(volume: string, name: string, checksums: readonly string[]): Buffer {
  return encodeBackupConfig({
    name,
    volumeName: volume,
    snapshotName: `snap-${name}`,
    snapshotCreatedAt: CREATED,
    createdTime: CREATED,
    size: String(BLOCK_SIZE * checksums.length),
    labels: { KubernetesStatus: '{"pvName":"pv","pvStatus":"Bound","namespace":"default","pvcName":"data"}' },
    parameters: { 'backup-block-size': String(BLOCK_SIZE) },
    isIncremental: true,
    compressionMethod: 'lz4',
    newlyUploadedDataSize: '1024',
    reUploadedDataSize: '0',
    processingBlocks: 'null',
    blocks: checksums.map((checksum, index) => ({ offset: index * BLOCK_SIZE, checksum })),
    singleFilePath: '',
  });
}

function volumeBody(volume: string, lastBackupName: string, blockCount: number): Buffer {
  return encodeVolumeConfig({
    name: volume,
    size: String(BLOCK_SIZE * 1_000),
    labels: null,
    createdTime: CREATED,
    lastBackupName,
    lastBackupAt: CREATED,
    blockCount: String(blockCount),
    backingImageName: '',
    backingImageChecksum: '',
    compressionMethod: 'lz4',
    storageClassName: '',
    dataEngine: 'v1',
  });
}

function* objectsOf(shape: StoreShape): Generator<{ key: string; body: Uint8Array }> {
  for (let index = 0; index < shape.volumes; index++) {
    const volume = volumeName(index);
    const checksums = Array.from({ length: shape.blocks }, (_, block) =>
      storeChecksum(`${volume} block ${String(block)}`),
    );
    for (const checksum of checksums) {
      const folder = `${volumePrefix(volume)}blocks/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}`;
      yield { key: `${folder}/${checksum}.blk`, body: Buffer.from(checksum) };
    }
    for (let backup = 0; backup < shape.backups; backup++) {
      const name = backupName(volume, backup);
      yield { key: backupConfigKey(volume, name), body: backupBody(volume, name, checksums) };
    }
    yield {
      key: volumeConfigKey(volume),
      body: volumeBody(volume, backupName(volume, shape.backups - 1), shape.blocks),
    };
  }
}

async function fill(store: ObjectStore, shape: StoreShape): Promise<void> {
  const objects = objectsOf(shape);
  const worker = async () => {
    for (const object of objects) await store.put(object);
  };
  await Promise.all(Array.from({ length: PUTS_IN_FLIGHT }, worker));
}

/** Makes the bucket `name` and fills it over S3, so that objects have ETags. Returns its destination URL. */
export async function makeBucket(server: S3Server, name: string, shape: StoreShape): Promise<string> {
  await server.createBucket(name);
  const url = bucketUrl(name);
  await fill(await openStore({ url, credentials: credentialsFor(server) }), shape);
  return url;
}
