/**
 * Restores 256 MiB of random blocks from the real S3 server behind a proxy that delays, beside a bare loop that fetches,
 * decompresses, proves and writes the same blocks; then the memory of a process that restores 64 GiB, sparse.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { blockKey, decompressBlock, restoreBackup, type ObjectStore } from '@mooring/backupstore';
import { openFileDestination } from '@mooring/datapath';
import { startFaultProxy, startS3 } from '@mooring/testing';
import { BlockStore, openBucket } from './block-store.ts';
import { runBundled } from './bundled-script.ts';

const BLOCK_BYTES = 2 * 1024 * 1024;
const BLOCKS = 128;
const SIZE_BYTES = BLOCKS * BLOCK_BYTES;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
// The real Go library's on this class of machine, by workers at 50 ms (backupstore-format §9), its 2 s wait included.
const REFERENCE_S: Readonly<Record<number, number>> = { 2: 7.8, 5: 5.5, 16: 5.2 };
const LOCK_WAIT_S = 2;
const SPARSE_BYTES = 64 * 1024 ** 3;
const SPARSE_BLOCKS = 512;

const root = await mkdtemp(path.join(tmpdir(), 'mooring-bench-'));
const server = await startS3({ root: path.join(root, 's3') });
try {
  if (process.env['BENCH_ONLY'] !== 'memory') await benchSpeed();
  if (process.env['BENCH_ONLY'] !== 'speed') await benchMemory();
} finally {
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

async function benchSpeed(): Promise<void> {
  await server.createBucket('speed');
  const blocks = new BlockStore(path.join(server.dataFolder, 'speed'), 'pvc-speed', SIZE_BYTES);
  const checksums = await blocks.writeRandomBlocks(BLOCKS);
  await blocks.writeBackup('backup-1', checksums);
  await blocks.writeVolume('backup-1', BLOCKS);
  const proxy = await startFaultProxy({ target: server.endpoint });
  try {
    for (const delayMs of [0, 50]) {
      proxy.setDelayMs(delayMs);
      for (const workers of [2, 5, 16]) {
        const store = await openBucket(server, 'speed', proxy.url);
        const floors: number[] = [];
        const ours: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          floors.push(await timed(async () => bareLoop(store, checksums, workers)));
          proxy.resetCounts();
          ours.push(await timed(async () => restore(store, workers)));
        }
        const [floor, own] = [median(floors), median(ours)];
        const ratio = own / (floor + LOCK_WAIT_S);
        const reference = delayMs === 50 ? `, Go ${String(REFERENCE_S[workers] ?? '-')} s` : '';
        console.log(
          `restore 256 MiB, ${String(workers)} workers, ${String(delayMs)} ms: ${own.toFixed(2)} s = ${ratio.toFixed(2)} × (floor ${floor.toFixed(2)} s + 2 s)${reference} | ${JSON.stringify(proxy.counts())}`,
        );
        store.close();
      }
    }
  } finally {
    await proxy.stop();
  }
}

async function restore(store: ObjectStore, concurrency: number): Promise<void> {
  const destination = await openFileDestination(path.join(root, 'restored.img'), { sizeBytes: SIZE_BYTES });
  await restoreBackup({ store, volume: 'pvc-speed', backup: 'backup-1', destination, concurrency });
}

async function bareLoop(store: ObjectStore, checksums: readonly string[], workers: number): Promise<void> {
  const file = await open(path.join(root, 'floor.img'), 'w');
  const queue = checksums.entries();
  const work = async (): Promise<void> => {
    for (const [index, checksum] of queue) {
      const key = blockKey('pvc-speed', checksum);
      const { body } = await store.get({ key });
      const block = await decompressBlock('lz4', body, { key, maxBytes: BLOCK_BYTES });
      const digest = Buffer.from(await crypto.subtle.digest('SHA-512', block as Uint8Array<ArrayBuffer>));
      if (digest.toString('hex', 0, 32) !== checksum) throw new Error('not the block');
      await file.write(block, 0, block.length, index * BLOCK_BYTES);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  await file.sync();
  await file.close();
}

async function benchMemory(): Promise<void> {
  await server.createBucket('memory');
  const blocks = new BlockStore(path.join(server.dataFolder, 'memory'), 'pvc-sparse', SPARSE_BYTES);
  const checksums = await blocks.writeRandomBlocks(SPARSE_BLOCKS);
  await blocks.writeBackup('backup-1', checksums);
  await blocks.writeVolume('backup-1', SPARSE_BLOCKS);
  const args = [`s3://memory@${server.region}/`, path.join(root, 'sparse.img'), String(SPARSE_BYTES)];
  const folder = path.join(root, 'bundle');
  console.log(`restore ${await runBundled({ script: 'restore-memory', folder, args, server })}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
