/**
 * Latency and CPU of one admission review: express as built against a bare node:https handler with the same reviewer, in
 * one run, in alternating rounds so that a noisy neighbour hits both. Print ratios, not absolutes.
 *
 *     node test/bench/admission.bench.ts
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { ServerReady, ServerUsage } from './admission-server.ts';

/** Connections at once: what an API server keeps to a webhook that is busy. */
const CONNECTIONS = 16;
const REVIEWS_A_ROUND = 2_000;
const ROUNDS = 5;
/** Extra bytes in the object, so that the review is 3.8 kB: a real object with its managedFields. */
const PADDING = 3_000;

type ServerName = 'bare' | 'express';

interface Contender {
  readonly child: ChildProcess;
  readonly ready: ServerReady;
  readonly agent: Agent;
}

interface Round {
  readonly cpuMicros: number;
  readonly reviewsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const body = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    kind: { group: 'longhorn.io', version: 'v1beta2', kind: 'BackupTarget' },
    resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backuptargets' },
    name: 'store',
    namespace: 'longhorn-system',
    operation: 'CREATE',
    userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
    object: {
      apiVersion: 'longhorn.io/v1beta2',
      kind: 'BackupTarget',
      metadata: { name: 'store', namespace: 'longhorn-system', annotations: { padding: 'x'.repeat(PADDING) } },
      spec: { backupTargetURL: 's3://bucket@us-east-1/prefix', credentialSecret: 'secret', pollInterval: '5m0s' },
    },
    dryRun: false,
  },
});

async function start(name: ServerName): Promise<Contender> {
  const child = fork(fileURLToPath(new URL('./admission-server.ts', import.meta.url)), [name]);
  const [ready] = (await once(child, 'message')) as [ServerReady];
  return { child, ready, agent: new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: ready.ca }) };
}

async function cpuMicros({ child }: Contender): Promise<number> {
  const answer = once(child, 'message') as Promise<[ServerUsage]>;
  child.send('usage');
  const [usage] = await answer;
  return usage.cpuMicros;
}

function send({ ready, agent }: Contender): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: ready.port,
        agent,
        method: 'POST',
        path: '/v1/webhook/mutation?timeout=10s',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - startedAt);
          else reject(new Error(`failed to review: HTTP ${String(response.statusCode)}`));
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function round(contender: Contender, reviews: number): Promise<Round> {
  const latencies: number[] = [];
  let left = reviews;
  const worker = async (): Promise<void> => {
    while (left-- > 0) latencies.push(await send(contender));
  };
  const cpuBefore = await cpuMicros(contender);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return {
    cpuMicros: ((await cpuMicros(contender)) - cpuBefore) / reviews,
    reviewsPerSecond: reviews / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function summary(rounds: readonly Round[]): Round {
  return {
    cpuMicros: median(rounds.map((one) => one.cpuMicros)),
    reviewsPerSecond: median(rounds.map((one) => one.reviewsPerSecond)),
    p50Ms: median(rounds.map((one) => one.p50Ms)),
    p99Ms: median(rounds.map((one) => one.p99Ms)),
  };
}

function row(
  name: string,
  { cpuMicros: cpu, reviewsPerSecond, p50Ms, p99Ms }: Round,
  digits: readonly number[],
): string {
  const cells = [cpu, reviewsPerSecond, p50Ms, p99Ms].map((value, index) => value.toFixed(digits[index]).padStart(14));
  return `${name.padEnd(16)}${cells.join('')}`;
}

const contenders: Record<ServerName, Contender> = { bare: await start('bare'), express: await start('express') };
const results: Record<ServerName, Round[]> = { bare: [], express: [] };
const names: readonly ServerName[] = ['bare', 'express'];
for (const name of names) await round(contenders[name], REVIEWS_A_ROUND);
for (let index = 0; index < ROUNDS; index++) {
  for (const name of names) results[name].push(await round(contenders[name], REVIEWS_A_ROUND));
}
const [bare, express] = [summary(results.bare), summary(results.express)];
const ratio: Round = {
  cpuMicros: express.cpuMicros / bare.cpuMicros,
  reviewsPerSecond: express.reviewsPerSecond / bare.reviewsPerSecond,
  p50Ms: express.p50Ms / bare.p50Ms,
  p99Ms: express.p99Ms / bare.p99Ms,
};
const heading = ['CPU µs/review', 'reviews/s', 'p50 ms', 'p99 ms'].map((text) => text.padStart(14)).join('');
process.stdout.write(
  `${[
    `admission review of ${String(Buffer.byteLength(body))} bytes, ${String(CONNECTIONS)} connections, medians of ${String(ROUNDS)} rounds of ${String(REVIEWS_A_ROUND)}`,
    `${' '.repeat(16)}${heading}`,
    row('bare node:https', bare, [0, 0, 2, 2]),
    row('express as built', express, [0, 0, 2, 2]),
    row('express / bare', ratio, [2, 2, 2, 2]),
  ].join('\n')}\n`,
);
for (const { child, agent } of Object.values(contenders)) {
  agent.destroy();
  child.kill();
}
