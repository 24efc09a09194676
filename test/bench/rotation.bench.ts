/**
 * Two replicas of each webhook behind a balancer, 50 applies a second to a real API server, while certificates and their
 * authority are followed and single replicas are restarted by SIGTERM, for some minutes. Nothing may be refused.
 *
 *     node test/bench/rotation.bench.ts [seconds, default 240]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@mooring/testing';
import { CA, Secrets, TLS, fingerprints, trustedBy } from '../fault/certificates-setup.ts';
import { prepareFleet } from '../fault/webhook-process.ts';
import type { Fleet } from '../fault/webhook-process.ts';
import { OBJECTS, manifest, untilUsed } from '../integration/admission-cluster.ts';

const APPLIES_A_SECOND = 50;
/** Applies that run at the same time. */
const MOST_AT_ONCE = 16;
/** Objects that are applied in turn. */
const OBJECT_COUNT = 10;
/** Between the end of one restart and the next. */
const RESTART_EVERY_MS = 5_000;
/** The certificate is renewed after about 29 s, the authority followed after about 86. */
const LIFETIMES = { MOORING_CA_LIFETIME: '135s', MOORING_LEAF_LIFETIME: '45s' };

interface Tally {
  readonly latenciesMs: number[];
  readonly refusals: string[];
  restarts: number;
  readonly restartMs: number[];
  readonly certificates: Set<string>;
  readonly authorities: Set<string>;
  mostTrusted: number;
}

async function apply(fleet: Fleet, round: number, tally: Tally): Promise<void> {
  const name = `target-${String(round % OBJECT_COUNT)}`;
  const startedAt = performance.now();
  try {
    await fleet.cluster.admin.request({
      method: 'PATCH',
      path: `${fleet.cluster.path('backuptargets', name)}?fieldManager=bench&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: manifest('BackupTarget', name, {
        metadata: { name, namespace: OBJECTS, annotations: { round: String(round) } },
        spec: { backupTargetURL: `s3://bucket@us-east-1/${name}` },
      }),
    });
    tally.latenciesMs.push(performance.now() - startedAt);
  } catch (error) {
    tally.refusals.push(`${new Date().toISOString()} ${String(error)}`);
  }
}

async function load(fleet: Fleet, tally: Tally, isOver: () => boolean): Promise<void> {
  const running = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let round = 0; !isOver(); round++) {
    const one = apply(fleet, round, tally);
    running.add(one);
    void one.finally(() => running.delete(one));
    // By the clock and not from one to the next, so that a slow moment is made up for, as far as the API server can.
    await delay(Math.max(0, startedAt + ((round + 1) * 1_000) / APPLIES_A_SECOND - performance.now()));
    if (running.size >= MOST_AT_ONCE) await Promise.race(running);
  }
  await Promise.all(running);
}

async function restart(fleet: Fleet, tally: Tally, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    const replica = fleet.replicas[turn % fleet.replicas.length];
    const code = await replica?.end('SIGTERM');
    if (code !== 0) tally.refusals.push(`a ${replica?.name ?? ''}-webhook ended with ${String(code)}`);
    const startedAt = performance.now();
    replica?.start();
    await replica?.untilReady();
    tally.restartMs.push(performance.now() - startedAt);
    tally.restarts++;
    await delay(RESTART_EVERY_MS);
  }
}

async function observe(fleet: Fleet, tally: Tally, isOver: () => boolean): Promise<void> {
  const secrets = new Secrets(fleet.cluster.admin);
  while (!isOver()) {
    const [tls, ca] = [await secrets.read(TLS), await secrets.read(CA)];
    for (const one of fingerprints(tls['tls.crt'] ?? '')) tally.certificates.add(one);
    for (const one of fingerprints(ca['tls.crt'] ?? '')) tally.authorities.add(one);
    tally.mostTrusted = Math.max(tally.mostTrusted, (await trustedBy(fleet.cluster.admin, 'validating')).length);
    await delay(500);
  }
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0);
}

function print(fleet: Fleet, tally: Tally, seconds: number): void {
  const latencies = tally.latenciesMs.toSorted((a, b) => a - b);
  const restarts = tally.restartMs.toSorted((a, b) => a - b);
  const rows: readonly [string, string][] = [
    ['applies', `${String(latencies.length)} (${(latencies.length / seconds).toFixed(0)} a second)`],
    ['refused', String(tally.refusals.length)],
    ['connections without a ready replica', String(fleet.balancers.reduce((sum, one) => sum + one.failures(), 0))],
    ['certificates served', String(tally.certificates.size)],
    ['authorities', `${String(tally.authorities.size)}, at most ${String(tally.mostTrusted)} trusted at once`],
    ['restarts by SIGTERM', String(tally.restarts)],
    ['start to ready', `p50 ${at(restarts, 0.5)} ms, worst ${at(restarts, 1)} ms`],
    ['an apply', `p50 ${at(latencies, 0.5)} ms, p99 ${at(latencies, 0.99)} ms, worst ${at(latencies, 1)} ms`],
  ];
  process.stdout.write(rows.map(([name, value]) => `${name.padEnd(38)}${value}\n`).join(''));
  for (const refusal of tally.refusals.slice(0, 10)) process.stdout.write(`  ${refusal}\n`);
}

const seconds = Number(process.argv[2] ?? 240);
const fleet = await prepareFleet(LIFETIMES);
const tally: Tally = {
  latenciesMs: [],
  refusals: [],
  restarts: 0,
  restartMs: [],
  certificates: new Set(),
  authorities: new Set(),
  mostTrusted: 0,
};
try {
  for (const replica of fleet.replicas) replica.start();
  await Promise.all(fleet.replicas.map((replica) => replica.untilReady()));
  await untilUsed(fleet.cluster);
  const endsAt = performance.now() + seconds * 1_000;
  const isOver = (): boolean => performance.now() >= endsAt;
  await Promise.all([load, restart, observe].map((part) => part(fleet, tally, isOver)));
  await eventually(() => tally.latenciesMs.length > 0);
  print(fleet, tally, seconds);
} finally {
  await fleet.stop();
}
process.exitCode = tally.refusals.length === 0 ? 0 : 1;
