/**
 * Memory and event loop of an informer: 20,000 and 40,000 Backups as Longhorn writes them, listed, watched and listed again.
 * Run: `node test/bench/reflector.bench.ts`. Bundled by esbuild the process needs 40 MiB less.
 * The server is a process of its own and speaks just enough of the API; the informer's process is measured from inside.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createInformer, KubeClient } from '@mooring/runtime';
import type { ResourceType } from '@mooring/api';

const backups: ResourceType = {
  group: 'longhorn.io',
  version: 'v1beta2',
  plural: 'backups',
  kind: 'Backup',
  namespaced: true,
};

/** What is measured of one size. */
interface Figures {
  objects: number;
  seconds: number;
  cpuSeconds: number;
  longestBlockMs: number;
  rssMiB: number;
  heapMiB: number;
  relistBlockMs: number;
  peakRssMiB: number;
}

function backup(index: number): object {
  const id = index.toString(16).padStart(16, '0');
  const volume = `volume-${Math.floor(index / 20)}`;
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'Backup',
    metadata: {
      annotations: {
        'mooring.io/store-name': `backup-${id}`,
        'mooring.io/config-etag': `"${id}${id}"`,
        'mooring.io/target-uid': '7d0ba3a1-5f1c-4b0e-9e2f-6a9d1c3a8b11',
        'mooring.io/store': '0123456789abcdef',
      },
      creationTimestamp: '2026-08-21T10:00:00Z',
      finalizers: ['longhorn.io'],
      generation: 1,
      labels: { 'backup-target': 'default', 'backup-volume': volume, 'longhorn.io/volume-access-mode': 'rwo' },
      managedFields: [
        { manager: 'mooring', operation: 'Update', fieldsV1: { 'f:metadata': { 'f:labels': { [`k:${id}`]: {} } } } },
      ],
      name: `backup-${id}`,
      namespace: 'longhorn-system',
      ownerReferences: [
        { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupVolume', name: volume, uid: `${id}-4b0e-9e2f` },
      ],
      resourceVersion: String(index + 1),
      uid: `${id}-5f1c-4b0e-9e2f-6a9d1c3a8b11`,
    },
    spec: {
      snapshotName: `snap-${id}`,
      labels: { KubernetesStatus: '{"pvName":"pvc","namespace":"default"}' },
      backupMode: 'incremental',
    },
    status: {
      backupCreatedAt: '2026-08-21T10:00:00Z',
      compressionMethod: 'lz4',
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Completed',
          message: '',
          lastProbeTime: '',
          lastTransitionTime: '2026-08-21T10:00:00Z',
        },
      ],
      lastSyncedAt: '2026-08-21T10:00:00Z',
      size: '1073741824',
      snapshotCreatedAt: '2026-08-21T09:59:59Z',
      snapshotName: `snap-${id}`,
      state: 'Completed',
      url: `s3://bucket@region/?backup=backup-${id}&volume=${volume}`,
      volumeName: volume,
      volumeSize: '10737418240',
    },
  };
}

/** Serves the list in pages; a watch stays open for two seconds, then says 410, so that everything is listed again. */
function serve(count: number): void {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://server').searchParams;
    if (query.get('watch') === 'true') {
      response.writeHead(200).flushHeaders();
      const gone = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } };
      setTimeout(() => response.end(`${JSON.stringify(gone)}\n`), 2_000);
      return;
    }
    const start = Number(query.get('continue') ?? 0);
    const end = Math.min(count, start + Number(query.get('limit')));
    const items = Array.from({ length: end - start }, (_, i) => backup(start + i));
    const metadata = { resourceVersion: '1000000', ...(end < count ? { continue: String(end) } : {}) };
    response.end(JSON.stringify({ metadata, items }));
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

const mib = (bytes: number): number => Math.round(bytes / 1048576);

async function measure(count: number, port: number): Promise<Figures> {
  const client = KubeClient.fromConnection({ server: `http://127.0.0.1:${port}` });
  const lists = [Promise.withResolvers<unknown>(), Promise.withResolvers<unknown>()] as const;
  let listed = 0;
  const metrics = {
    counter: (name: string) => ({
      add: () => {
        if (name === 'mooring_informer_lists_total') lists[listed++]?.resolve(undefined);
      },
    }),
    gauge: () => ({ set: () => undefined }),
    histogram: () => ({ record: () => undefined }),
  };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const informer = createInformer({
    client,
    type: backups,
    metrics,
    indexers: { volume: (b) => [b.metadata.labels?.['backup-volume'] ?? ''] },
  });
  delay.enable();
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  informer.start();
  await informer.whenSynced();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const longestBlockMs = Math.round(delay.max / 1e6);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  delay.reset();
  await lists[1].promise;
  const figures: Figures = {
    objects: informer.size,
    seconds: Number(seconds.toFixed(2)),
    cpuSeconds: Number(((user + system) / 1e6).toFixed(2)),
    longestBlockMs,
    rssMiB: mib(rss),
    heapMiB: mib(heapUsed),
    relistBlockMs: Math.round(delay.max / 1e6),
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  await informer.stop();
  client.close();
  return { ...figures, objects: count };
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (value) => resolve(value as T));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`failed to run the bench's child: exit code ${String(code)}`)));
  });
}

/** What `runService` sets. */
const AS_A_SERVICE = ['--optimize-for-size', '--semi-space-growth-factor=1'];

async function run(count: number): Promise<Figures> {
  const self = fileURLToPath(import.meta.url);
  const server = fork(self, ['serve', String(count)]);
  const { port } = await message<{ port: number }>(server);
  const client = fork(self, ['measure', String(count), String(port)], { execArgv: ['--expose-gc', ...AS_A_SERVICE] });
  const figures = await message<Figures>(client);
  server.kill();
  return figures;
}

const [role, count = '0', port = '0'] = process.argv.slice(2);
if (role === 'serve') serve(Number(count));
else if (role === 'measure') process.send?.(await measure(Number(count), Number(port)));
else console.table([await run(0), await run(20_000), await run(40_000)]);
