/**
 * Backs up 256 MiB of random data to the real S3 server behind a proxy that delays, beside a bare loop that reads, hashes,
 * compresses and PUTs the same bytes with the same concurrency and no format at all; then an incremental backup, by the
 * number of its requests, and the memory of a process that backs up 64 GiB, sparse.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compressBlock, createBackup, type ObjectStore } from '@mooring/backupstore';
import { openFileReader } from '@mooring/datapath';
import { startFaultProxy, startS3, type FaultProxy } from '@mooring/testing';
import { openBucket } from './block-store.ts';
import { runBundled } from './bundled-script.ts';

const MIB = 1024 ** 2;
const BLOCK_BYTES = 2 * MIB;
const SIZE_BYTES = 256 * MIB;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
// The real Go library's on this class of machine, by delay and workers (backupstore-format §9), its 2 s wait included.
const REFERENCE_S: Readonly<Record<string, number>> = {
  ...{ '0/2': 7.3, '0/5': 5, '0/16': 5.7 },
  ...{ '50/2': 12.8, '50/5': 7.5, '50/16': 5.9 },
};
const LOCK_WAIT_S = 2;

const root = await mkdtemp(path.join(tmpdir(), 'mooring-bench-'));
const server = await startS3({ root: path.join(root, 's3') });
await server.createBucket('bench');
const proxy = await startFaultProxy({ target: server.endpoint });
let made = 0;
try {
  const only = process.env['BENCH_ONLY'];
  if (only !== 'memory') await benchSpeed();
  if (only === undefined) await benchIncremental();
  if (only !== 'speed') await benchMemory();
} finally {
  await proxy.stop();
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

async function benchSpeed(): Promise<void> {
  const file = path.join(root, 'random.img');
  const handle = await open(file, 'w');
  for (let n = 0; n < SIZE_BYTES / BLOCK_BYTES; n++) await handle.write(randomBytes(BLOCK_BYTES));
  await handle.close();
  for (const delayMs of [0, 50]) {
    proxy.setDelayMs(delayMs);
    for (const workers of [2, 5, 16]) {
      const store = await openBucket(server, 'bench', proxy.url);
      const floors: number[] = [];
      const ours: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        floors.push(await timed(async () => bareLoop(store, file, workers)));
        proxy.resetCounts();
        ours.push(await timed(async () => backUp(store, file, { volume: newVolume(), workers })));
      }
      const [floor, own] = [median(floors), median(ours)];
      const reference = REFERENCE_S[`${String(delayMs)}/${String(workers)}`] ?? NaN;
      console.log(
        `create 256 MiB, ${String(workers)} workers, ${String(delayMs)} ms: ${own.toFixed(2)} s; ` +
          `without the 2 s wait ${((own - LOCK_WAIT_S) / floor).toFixed(2)} × the floor of ${floor.toFixed(2)} s; ` +
          `${(own / reference).toFixed(2)} × Go's ${String(reference)} s | ${countsOf(proxy)}`,
      );
      store.close();
    }
  }
  await rm(file);
}

async function backUp(
  store: ObjectStore,
  file: string,
  { volume, workers, backup = 'backup-1' }: { volume: string; workers: number; backup?: string },
): Promise<number> {
  const source = await openFileReader(file);
  const { newBlocks } = await createBackup({
    ...{ store, source, backup, concurrency: workers },
    volume: { name: volume },
    snapshot: { name: `snap-of-${backup}`, createdAt: '2026-01-01T00:00:00Z' },
  });
  await source.close();
  return newBlocks;
}

async function bareLoop(store: ObjectStore, file: string, workers: number): Promise<void> {
  const prefix = `floor-${newVolume()}/`;
  const handle = await open(file, 'r');
  let next = 0;
  const work = async (): Promise<void> => {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    while (next < SIZE_BYTES / BLOCK_BYTES) {
      await handle.read(block, 0, BLOCK_BYTES, next++ * BLOCK_BYTES);
      const digest = Buffer.from(await crypto.subtle.digest('SHA-512', block));
      const body = await compressBlock('lz4', block);
      await store.put({ key: `${prefix}${digest.toString('hex', 0, 32)}`, body });
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  await handle.close();
}

// 1 % of the volume's blocks changes. Longhorn asks for each block that its engine names, once more for each it sends.
async function benchIncremental(): Promise<void> {
  const file = path.join(root, 'sparse.img');
  const [blocks, used, changed] = [2048, 512, 20];
  await writeBlocks(file, { sizeBytes: blocks * BLOCK_BYTES, blocks: used, step: blocks / used });
  proxy.setDelayMs(0);
  const store = await openBucket(server, 'bench', proxy.url);
  const volume = newVolume();
  await backUp(store, file, { volume, workers: 16 });
  await writeBlocks(file, { sizeBytes: blocks * BLOCK_BYTES, blocks: changed, step: blocks / used });
  proxy.resetCounts();
  const sent = await backUp(store, file, { volume, workers: 16, backup: 'backup-2' });
  const requests = Object.values(proxy.counts()).reduce((sum, count) => sum + count, 0);
  for (const [mapped, what] of [[used, 'all used blocks'] as const, [changed, 'the changed blocks'] as const]) {
    const reference = 23 + mapped + sent;
    console.log(
      `create incremental, 4 GiB sparse, ${String(sent)} blocks sent: ${String(requests)} requests = ` +
        `${(requests / reference).toFixed(2)} × Longhorn's ${String(reference)} where its engine names ${what} | ${countsOf(proxy)}`,
    );
  }
  store.close();
}

async function benchMemory(): Promise<void> {
  const file = path.join(root, 'large.img');
  const sizeBytes = 64 * 1024 * MIB;
  for (const blocks of [512, 8192]) {
    await rm(file, { force: true });
    await writeBlocks(file, {
      sizeBytes,
      blocks,
      step: sizeBytes / BLOCK_BYTES / blocks,
      bytes: blocks > 512 ? 512 : BLOCK_BYTES,
    });
    const bucket = `memory-${String(blocks)}`;
    await server.createBucket(bucket);
    const args = [`s3://${bucket}@${server.region}/`, file];
    const folder = path.join(root, 'bundle');
    console.log(`create ${await runBundled({ script: 'create-memory', folder, args, server })}`);
  }
}

interface Shape {
  readonly sizeBytes: number;
  readonly blocks: number;
  /** Every how many blocks one has data. */
  readonly step: number;
  /** Random bytes at the start of each; default 4,096. */
  readonly bytes?: number;
}

async function writeBlocks(file: string, { sizeBytes, blocks, step, bytes = 4096 }: Shape): Promise<void> {
  const handle = await open(file, 'a').then(async (created) => {
    await created.close();
    return await open(file, 'r+');
  });
  await handle.truncate(sizeBytes);
  for (let n = 0; n < blocks; n++) await handle.write(randomBytes(bytes), 0, bytes, n * step * BLOCK_BYTES);
  await handle.close();
}

function newVolume(): string {
  return `pvc-${String(made++)}`;
}

function countsOf(counted: FaultProxy): string {
  return JSON.stringify(counted.counts());
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
