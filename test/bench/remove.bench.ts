/**
 * Removes a backup of 131 blocks and a volume of 10,000 objects from the real S3 server behind a proxy that delays and
 * counts; then a backup from a volume of 5 million blocks (made up as it is read), for the memory it takes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeBackup, removeVolume } from '@mooring/backupstore';
import { startFaultProxy, startS3, type FaultProxy, type S3Server } from '@mooring/testing';
import { BlockStore, openBucket } from './block-store.ts';
import { runBundled } from './bundled-script.ts';

const SIZE_BYTES = 1024 ** 3;
const root = await mkdtemp(path.join(tmpdir(), 'mooring-bench-'));
const server = await startS3({ root: path.join(root, 's3') });
const proxy = await startFaultProxy({ target: server.endpoint });
try {
  await benchBackup(server, proxy);
  await benchVolume(server, proxy);
  if (process.env['BENCH_ONLY'] !== 'speed') {
    console.log(await runBundled({ script: 'remove-memory', folder: path.join(root, 'bundle') }));
  }
} finally {
  await proxy.stop();
  await server.stop();
  await rm(root, { recursive: true, force: true });
}

// As the reference was measured: 131 blocks, of which 128 are the removed backup's alone.
async function benchBackup(s3: S3Server, through: FaultProxy): Promise<void> {
  await s3.createBucket('backup');
  const blocks = new BlockStore(path.join(s3.dataFolder, 'backup'), 'pvc-backup', SIZE_BYTES);
  const kept = await blocks.writeTinyBlocks(3, 'kept');
  const own = await blocks.writeTinyBlocks(128, 'own');
  await blocks.writeBackup('backup-1', kept);
  await blocks.writeBackup('backup-2', [...kept, ...own]);
  await blocks.writeVolume('backup-2', 131);
  through.setDelayMs(50);
  const store = await openBucket(s3, 'backup', through.url);
  through.resetCounts();
  const startedMs = performance.now();
  const result = await removeBackup({ store, volume: 'pvc-backup', backup: 'backup-2' });
  report('remove a backup of 131 blocks, 50 ms', { startedMs, through, result, reference: 'Go 523 requests, 30.6 s' });
  store.close();
}

async function benchVolume(s3: S3Server, through: FaultProxy): Promise<void> {
  await s3.createBucket('volume');
  const blocks = new BlockStore(path.join(s3.dataFolder, 'volume'), 'pvc-volume', SIZE_BYTES * 32);
  await blocks.writeTinyBlocks(9_990, 'block');
  for (let n = 0; n < 9; n++) await blocks.writeBackup(`backup-${String(n)}`, []);
  await blocks.writeVolume('backup-8', 9_990);
  through.setDelayMs(20);
  const store = await openBucket(s3, 'volume', through.url);
  through.resetCounts();
  const startedMs = performance.now();
  const result = await removeVolume({ store, volume: 'pvc-volume' });
  report('remove a volume of 10,000 objects, 20 ms', { startedMs, through, result, reference: 'Go > 10,000 requests' });
  store.close();
}

function report(
  what: string,
  run: {
    readonly startedMs: number;
    readonly through: FaultProxy;
    readonly result: object;
    readonly reference: string;
  },
): void {
  const counts = run.through.counts();
  const requests = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - run.startedMs) / 1000;
  console.log(
    `${what}: ${String(requests)} requests, ${seconds.toFixed(2)} s (${run.reference}) | ${JSON.stringify(counts)} ${JSON.stringify(run.result)}`,
  );
}
