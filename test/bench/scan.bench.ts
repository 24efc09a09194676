/** Lists a store of many volumes on the real S3 server behind a proxy that delays and counts, and on a directory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore, scanStore, type ObjectStore } from '@mooring/backupstore';
import { startFaultProxy, startS3, type FaultProxy } from '@mooring/testing';
import { generateStore, writeStore, type GeneratedShape } from './scan-store.ts';

// Longhorn's `ls --volume-only` on 1,000 volumes (backupstore-format §9).
const REFERENCE: Readonly<Record<number, number>> = { 0: 2.9, 20: 25, 100: 106.6 };

const root = await mkdtemp(path.join(tmpdir(), 'mooring-bench-'));
try {
  await benchS3({ volumes: 1000, backups: 1, blocks: 3 });
  await benchLargeVolumes({ volumes: Number(process.env['BENCH_LARGE'] ?? 60), backups: 1, blocks: 1500 });
  await benchDirectory({ volumes: 1000, backups: 1, blocks: Number(process.env['BENCH_BLOCKS'] ?? 50) });
} finally {
  await rm(root, { recursive: true, force: true });
}

async function benchS3(shape: GeneratedShape): Promise<void> {
  const server = await startS3({ root: path.join(root, 's3') });
  const proxy = await startFaultProxy({ target: server.endpoint });
  try {
    await server.createBucket('bench');
    const open = async (endpoint: string): Promise<ObjectStore> =>
      await openStore({
        url: `s3://bench@${server.region}/`,
        credentials: {
          AWS_ACCESS_KEY_ID: server.accessKey,
          AWS_SECRET_ACCESS_KEY: server.secretKey,
          AWS_ENDPOINTS: endpoint,
        },
      });
    const direct = await open(server.endpoint);
    const puts = [...generateStore(shape)];
    const workers = Array.from({ length: 16 }, async () => {
      for (let next = puts.pop(); next !== undefined; next = puts.pop()) await direct.put(next);
    });
    await Promise.all(workers);
    for (const delayMs of [0, 20, 100]) {
      proxy.setDelayMs(delayMs);
      const store = await open(proxy.url);
      for (const round of ['first', 'again', 'again']) await measure(store, { proxy, delayMs, round, shape });
      store.close();
    }
  } finally {
    await proxy.stop();
    await server.stop();
  }
}

// Volumes with more blocks than a page holds; written as files, for uploading them would take longer than all the rest.
async function benchLargeVolumes(shape: GeneratedShape): Promise<void> {
  const server = await startS3({ root: path.join(root, 's3-large') });
  const proxy = await startFaultProxy({ target: server.endpoint, delayMs: 20 });
  try {
    await writeStore(path.join(server.dataFolder, 'large'), shape);
    const credentials = {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_ENDPOINTS: proxy.url,
    };
    const store = await openStore({ url: `s3://large@${server.region}/`, credentials });
    for (const round of ['first', 'again', 'again']) await measure(store, { proxy, delayMs: 20, round, shape });
    store.close();
  } finally {
    await proxy.stop();
    await server.stop();
  }
}

async function benchDirectory(shape: GeneratedShape): Promise<void> {
  const folder = path.join(root, 'directory');
  await writeStore(folder, shape);
  const store = await openStore({ url: `vfs://${folder}` });
  for (const round of ['first', 'again']) await measure(store, { delayMs: 0, round, shape });
}

interface Run {
  readonly proxy?: FaultProxy;
  readonly delayMs: number;
  readonly round: string;
  readonly shape: GeneratedShape;
}

async function measure(store: ObjectStore, { proxy, delayMs, round, shape }: Run): Promise<void> {
  proxy?.resetCounts();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const summary = await scanStore(store, { onVolume: () => undefined });
  const seconds = (performance.now() - startedMs) / 1000;
  const used = process.cpuUsage(cpu);
  console.log(
    [
      `${store.capabilities.scheme} ${String(summary.volumes)} volumes × ${String(shape.blocks)} blocks`,
      `${String(delayMs)} ms ${round}`,
      `${seconds.toFixed(2)} s${shape.volumes === 1000 && proxy !== undefined ? ` (Longhorn ${String(REFERENCE[delayMs] ?? '-')} s)` : ''}`,
      `${String(summary.lists)} LISTs ${JSON.stringify(proxy?.counts() ?? {})}`,
      `peak ${String(proxy?.peakInFlight() ?? '-')} at once`,
      `${((used.user + used.system) / 1e6).toFixed(2)} s CPU`,
      `${(process.memoryUsage().rss / 1024 ** 2).toFixed(0)} MiB`,
    ].join(' | '),
  );
}
