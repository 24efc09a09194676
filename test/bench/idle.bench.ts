/**
 * What the ten processes of an idle Mooring (two of each service, bundled as in the images) cost: CPU, wake-ups and
 * memory of each, and the time from its start until it is ready.
 *
 *     node test/bench/idle.bench.ts [seconds, default 60]
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, freePort, processUsage, temporaryFolder } from '@mooring/testing';
import { bundleService } from '../../shared/images/src/bundle.ts';
import { OBJECTS, RELEASE, startAdmissionCluster } from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';

const SERVICES = [
  'mutating-webhook',
  'validating-webhook',
  'target-controller',
  'volume-controller',
  'backup-controller',
];
/** After the start: caches are filled, code is compiled, leases are taken. */
const SETTLE_MS = 20_000;

interface Running {
  readonly service: string;
  readonly pid: number;
  readonly readyMs: number;
  /** CPU time until then: what counts on a busy machine. */
  readonly startCpuSeconds: number;
  readonly end: () => void;
}

interface Sample {
  readonly cpuSeconds: number;
  readonly switches: number;
}

async function startOne(
  cluster: AdmissionCluster,
  service: string,
  place: { folder: string; port: number },
): Promise<Running> {
  const credentials = await temporaryFolder('idle');
  const { token } = await cluster.plane.tokenFor({ namespace: RELEASE, name: `mooring-${service}` });
  await writeFile(join(credentials, 'token'), token);
  await writeFile(join(credentials, 'kubeconfig'), cluster.plane.kubeconfigFor(join(credentials, 'token'), RELEASE));
  const healthPort = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(place.folder, 'main.js')], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      KUBECONFIG: join(credentials, 'kubeconfig'),
      MOORING_OBJECT_NAMESPACE: OBJECTS,
      MOORING_NAMESPACE: RELEASE,
      MOORING_HEALTH_ADDRESS: '127.0.0.1',
      MOORING_HEALTH_PORT: String(healthPort),
      MOORING_WEBHOOK_ADDRESS: '127.0.0.1',
      MOORING_WEBHOOK_PORT: String(place.port),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${String(healthPort)}/readyz`)).ok;
  await eventually(isReady, { timeoutMs: 60_000, intervalMs: 10, what: `${service} is ready` });
  const readyMs = performance.now() - startedAt;
  const pid = child.pid ?? 0;
  const { cpuSeconds: startCpuSeconds } = await processUsage(pid);
  return { service, pid, readyMs, startCpuSeconds, end: () => void child.kill() };
}

async function sample(pid: number): Promise<Sample> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const { cpuSeconds } = await processUsage(pid);
  return { cpuSeconds, switches: field(status, 'voluntary_ctxt_switches') };
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

/** Prints what one process used since the sample; gives its CPU in thousandths of a core. */
async function report(one: Running, before: Sample, seconds: number): Promise<number> {
  const { service, pid, readyMs, startCpuSeconds } = one;
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const after = await sample(pid);
  const cpu = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 1_000;
  const wakeups = (after.switches - before.switches) / seconds;
  const [resident = 0, anonymous = 0] = ['VmRSS', 'RssAnon'].map((name) => field(status, name) / 1_024);
  print(service, [readyMs / 1_000, startCpuSeconds, cpu, wakeups, resident, anonymous]);
  return cpu;
}

async function measure(running: readonly Running[], seconds: number): Promise<void> {
  const before = await Promise.all(running.map(async (one) => ({ one, sample: await sample(one.pid) })));
  await delay(seconds * 1_000);
  let total = 0;
  for (const { one, sample: earlier } of before) total += await report(one, earlier, seconds);
  process.stdout.write(`all ten: ${total.toFixed(1)} m CPU\n`);
}

function print(service: string, values: readonly number[]): void {
  process.stdout.write(`${service.padEnd(20)}${values.map((value) => value.toFixed(1).padStart(12)).join('')}\n`);
}

const seconds = Number(process.argv[2] ?? 60);
const ports = await Promise.all(SERVICES.map(() => freePort()));
const url = (index: number): string => `https://127.0.0.1:${String(ports[index])}`;
const cluster = await startAdmissionCluster({ mutating: url(0), validating: url(1) });
const running: Running[] = [];
try {
  for (const [index, service] of SERVICES.entries()) {
    const folder = join(await temporaryFolder('bundle'), service);
    await bundleService({ service, folder });
    for (const port of [ports[index] ?? 0, await freePort()]) {
      running.push(await startOne(cluster, service, { folder, port }));
    }
  }
  await delay(SETTLE_MS);
  process.stdout.write(`${' '.repeat(20)}   ready (s)   its CPU s     CPU (m)  wake-ups/s   RSS (MiB)  anon (MiB)\n`);
  await measure(running, seconds);
} finally {
  for (const { end } of running) end();
  await cluster.stop();
}
