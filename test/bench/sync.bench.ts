/**
 * The main job, measured end to end: a BackupTarget is applied to the embedded Mooring, its store is a real S3 server
 * behind a proxy that delays and counts; the clock stops when every Backup object is complete.
 *
 *     npx node test/bench/sync.bench.ts              all scenarios (about 10 minutes)
 *     npx node test/bench/sync.bench.ts 'at 20 ms'   those whose name contains the words
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Backup, resources } from '@mooring/api';
import { createInformer, KubeClient } from '@mooring/runtime';
import {
  startEmbedded,
  startFaultProxy,
  startS3,
  type Embedded,
  type FaultProxy,
  type S3Server,
} from '@mooring/testing';
import { credentialsFor, makeBucket, type StoreShape } from './make-store.ts';
import { apiWrites, childrenNamed, describeCounts, difference, processUse } from './observe.ts';

interface Scenario {
  name: string;
  shape: StoreShape;
  delayMs: number;
  /** Seconds after which it counts as not reached. */
  limitSeconds: number;
  /** What Longhorn needs on such a machine. */
  reference: string;
}

const THOUSAND: StoreShape = { volumes: 1_000, backups: 1, blocks: 3 };

const SCENARIOS: readonly Scenario[] = [
  { name: '1,000 volumes × 1 backup at 20 ms', shape: THOUSAND, delayMs: 20, limitSeconds: 12, reference: '-' },
  { name: '1,000 volumes × 1 backup at 750 ms', shape: THOUSAND, delayMs: 750, limitSeconds: 20, reference: 'never' },
  {
    name: '1 volume × 10,000 backups at 20 ms',
    shape: { volumes: 1, backups: 10_000, blocks: 3 },
    delayMs: 20,
    limitSeconds: 60,
    reference: '-',
  },
  {
    name: '20 volumes × 1,000 backups at 0 ms (memory)',
    shape: { volumes: 20, backups: 1_000, blocks: 3 },
    delayMs: 0,
    limitSeconds: 180,
    reference: '800 MiB',
  },
];

const POLL_MS = 500;
const GIVE_UP_FACTOR = 10;

interface Bench {
  scenario: Scenario;
  proxy: FaultProxy;
  embedded: Embedded;
  url: string;
  server: S3Server;
}

const collection = (namespace: string, plural: string) => `/apis/longhorn.io/v1beta2/namespaces/${namespace}/${plural}`;

async function applyTarget({ embedded, server, proxy, url }: Bench): Promise<void> {
  const { api } = embedded.controlPlane;
  const { namespace } = embedded;
  const credentials = credentialsFor(server, proxy.url);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bench' }, stringData: credentials };
  await api.request({ method: 'POST', path: `/api/v1/namespaces/${namespace}/secrets`, body: secret });
  const spec = { backupTargetURL: url, credentialSecret: 'bench', pollInterval: '0s' };
  const target = { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata: { name: 'bench' }, spec };
  await api.request({ method: 'POST', path: collection(namespace, 'backuptargets'), body: target });
}

interface Synced {
  status?: { lastSyncedAt?: string | null; state?: string };
}

async function targetSyncedAt({ embedded }: Bench): Promise<string> {
  const path = `${collection(embedded.namespace, 'backuptargets')}/bench`;
  return (await embedded.controlPlane.api.request<Synced>({ path })).status?.lastSyncedAt ?? '';
}

/**
 * Resolves with true once all Backups are complete, with false when `signal` aborts. By one informer, as a user's `kubectl get -w` would: polling
 * 10,000 objects, or the API server's metrics, would itself be a load (the metrics alone a tenth of the API server's time, 2026-11-21).
 */
async function whenComplete({ embedded, scenario }: Bench, signal: AbortSignal): Promise<boolean> {
  const expected = scenario.shape.volumes * scenario.shape.backups;
  const client = await KubeClient.fromKubeconfig(embedded.controlPlane.kubeconfig);
  const completed = new Set<string>();
  const ended = Promise.withResolvers<boolean>();
  signal.addEventListener('abort', () => {
    ended.resolve(false);
  });
  const informer = createInformer<Backup>({
    client,
    type: resources.backups,
    namespace: embedded.namespace,
    onChange: ({ key, new: backup }) => {
      if (backup?.status?.state === 'Completed') completed.add(key);
      if (completed.size === expected) ended.resolve(true);
    },
  });
  informer.start();
  const isComplete = await ended.promise;
  await informer.stop();
  client.close();
  return isComplete;
}

/** Every BackupVolume has its status too. */
async function areVolumesSynced({ embedded }: Bench): Promise<boolean> {
  const path = collection(embedded.namespace, 'backupvolumes');
  const { items } = await embedded.controlPlane.api.request<{ items: Synced[] }>({ path });
  return items.every(({ status }) => Boolean(status?.lastSyncedAt));
}

async function waitUntil(check: () => Promise<boolean>, limitSeconds: number): Promise<boolean> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < limitSeconds * 1_000) {
    if (await check()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** The processes that take part, by name. */
function processesOf(embedded: Embedded): (readonly [string, number])[] {
  const services = Object.entries(embedded.services()).map(([name, { pid }]) => [name, pid] as const);
  const others = childrenNamed(['kube-apiserver', 'kube-controller-manager', 'etcd', 'versitygw']);
  return [...services, ...others, ['benchmark and proxy', process.pid]];
}

function cpuSecondsOf(embedded: Embedded): ReadonlyMap<number, number> {
  return new Map(processesOf(embedded).map(([, pid]) => [pid, processUse(pid).cpuSeconds]));
}

/** CPU since `before`, memory now. */
function printUse(embedded: Embedded, before: ReadonlyMap<number, number>): void {
  let total = 0;
  for (const [name, pid] of processesOf(embedded)) {
    const { cpuSeconds, rssMiB, peakMiB } = processUse(pid);
    const used = cpuSeconds - (before.get(pid) ?? 0);
    total += used;
    console.log(
      `  ${name.padEnd(23)} cpu ${used.toFixed(1)} s, memory ${String(rssMiB)} MiB, peak ${String(peakMiB)} MiB`,
    );
  }
  console.log(`  ${'all'.padEnd(23)} cpu ${total.toFixed(1)} s on ${String(availableParallelism())} cores`);
}

/** The API server holds a first create for 2 s while a CRD is younger than that, as these are: wait for the target that the house makes itself. */
async function awaitDefaultTarget({ embedded }: Bench): Promise<void> {
  const path = collection(embedded.namespace, 'backuptargets');
  const has = async () => (await embedded.controlPlane.api.request<{ items: unknown[] }>({ path })).items.length > 0;
  if (!(await waitUntil(has, 60))) throw new Error("the backup target 'default' did not appear within 60 s");
}

async function measureFirstSync(bench: Bench): Promise<void> {
  const { scenario, proxy, embedded } = bench;
  await awaitDefaultTarget(bench);
  const before = await apiWrites(embedded.controlPlane.api);
  const cpuBefore = cpuSecondsOf(embedded);
  proxy.resetCounts();
  const completion = whenComplete(bench, AbortSignal.timeout(scenario.limitSeconds * GIVE_UP_FACTOR * 1_000));
  const startedAt = performance.now();
  await applyTarget(bench);
  const isDone = (await completion) && (await waitUntil(() => areVolumesSynced(bench), scenario.limitSeconds));
  const seconds = (performance.now() - startedAt) / 1_000;
  const verdict = isDone && seconds <= scenario.limitSeconds ? 'reached' : 'NOT REACHED';
  console.log(
    `first sync: ${seconds.toFixed(1)} s (must reach ${String(scenario.limitSeconds)} s, Longhorn ${scenario.reference}): ${verdict}`,
  );
  console.log(`  store requests: ${describeCounts(proxy.counts())}; most in flight ${String(proxy.peakInFlight())}`);
  console.log(`  API writes: ${describeCounts(difference(before, await apiWrites(embedded.controlPlane.api)))}`);
  printUse(embedded, cpuBefore);
}

/** Asks for a sync as a user would, and counts what a pass over an unchanged store costs. */
async function measureIdlePoll(bench: Bench): Promise<void> {
  const { proxy, embedded } = bench;
  const { api } = embedded.controlPlane;
  await waitUntil(async () => (await targetSyncedAt(bench)) !== '', 60);
  const [before, syncedAt] = [await apiWrites(api), await targetSyncedAt(bench)];
  proxy.resetCounts();
  const startedAt = performance.now();
  await api.request({
    method: 'PATCH',
    path: `${collection(embedded.namespace, 'backuptargets')}/bench`,
    contentType: 'application/merge-patch+json',
    body: { spec: { syncRequestedAt: new Date().toISOString() } },
  });
  await waitUntil(async () => (await targetSyncedAt(bench)) !== syncedAt, 120);
  const seconds = (performance.now() - startedAt) / 1_000;
  // One more look: a write that comes late is a write too.
  await sleep(2_000);
  const writes = difference(before, await apiWrites(api));
  console.log(`idle poll: ${seconds.toFixed(1)} s; store requests: ${describeCounts(proxy.counts())}`);
  console.log(`  API writes (one PATCH backuptargets is the request itself): ${describeCounts(writes)}`);
}

async function run(scenario: Scenario): Promise<void> {
  console.log(`\n== ${scenario.name}`);
  const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
  const server = await startS3({ root: join(folder, 's3') });
  const url = await makeBucket(server, 'bench', scenario.shape);
  const proxy = await startFaultProxy({ target: server.endpoint, delayMs: scenario.delayMs });
  const embedded = await startEmbedded({ dataDir: join(folder, 'data') });
  console.log(`start: ${JSON.stringify(embedded.timings)}`);
  const bench = { scenario, proxy, embedded, url, server };
  try {
    await measureFirstSync(bench);
    await measureIdlePoll(bench);
  } finally {
    await embedded.stop();
    await proxy.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const words = process.argv[2] ?? '';
for (const scenario of SCENARIOS.filter(({ name }) => name.includes(words))) await run(scenario);
