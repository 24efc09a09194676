/**
 * Draws the chart's dashboard from a real Prometheus that scrapes a real Mooring with something to do: a thousand backups, admissions,
 * denials, a store that fails for a while. One look shows what a panel says and whether it says anything at all.
 *
 *     npx node test/bench/dashboard-picture.ts [MINUTES] [FOLDER]     default: 4 minutes, coverage/dashboard
 *
 * Writes dashboard.html, and dashboard.png where chromium is installed (`apt-get install chromium`).
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type Embedded,
  type FaultProxy,
  startEmbedded,
  startFaultProxy,
  startPrometheus,
  startS3,
} from '@mooring/testing';
import { dashboardQueries } from '../integration/dashboard.ts';
import { findPrometheus } from '../integration/prometheus-programs.ts';
import { drawDashboard, type DrawnQuery } from './draw-dashboard.ts';
import { credentialsFor, makeBucket } from './make-store.ts';

const STEP_SECONDS = 5;
const OFFSITE = 's3://dashboard@us-east-1/';
const CHROMIUM = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--hide-scrollbars',
  '--disable-background-networking',
];

const collection = (plural: string) => `/apis/longhorn.io/v1beta2/namespaces/longhorn-system/${plural}`;

async function apply({ controlPlane: { api } }: Embedded, name: string, credentials: Record<string, string>) {
  const metadata = { name, namespace: 'longhorn-system' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: credentials };
  await api.request({ method: 'POST', path: '/api/v1/namespaces/longhorn-system/secrets', body: secret });
  const spec = { backupTargetURL: OFFSITE, credentialSecret: name, pollInterval: '10s' };
  const body = { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata, spec };
  await api.request({ method: 'POST', path: collection('backuptargets'), body });
}

/** Users who ask for syncs, and one whose manifest is denied again and again. */
async function beUsers({ controlPlane: { api } }: Embedded, signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const isDenied = turn % 6 === 0;
    const spec = isDenied ? { backupTargetURL: 'ftp://no/such/scheme' } : { syncRequestedAt: new Date().toISOString() };
    await api
      .request({
        method: 'PATCH',
        path: `${collection('backuptargets')}/${turn % 2 === 0 ? 'sample' : 'offsite'}`,
        body: { spec },
        contentType: 'application/merge-patch+json',
      })
      .catch(() => undefined);
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
}

/** For the middle third of the time, every tenth request fails and all of them are slow; then for a while none is answered. */
async function beUnreliable(proxy: FaultProxy, milliseconds: number): Promise<void> {
  await sleep(milliseconds / 3);
  proxy.failNext(1_000_000, { status: 503, when: ({ index }) => index % 10 === 0 });
  await sleep(milliseconds / 6);
  proxy.failNext(1_000_000, { status: 503 });
  await sleep(milliseconds / 6);
  proxy.clear();
  await sleep(milliseconds / 3);
}

async function main(minutes: number, folder: string): Promise<void> {
  const programs = await findPrometheus();
  if (programs === undefined) throw new Error('failed to draw the dashboard: there is no Prometheus');
  const root = await mkdtemp(join(tmpdir(), 'mooring-dashboard-'));
  const server = await startS3({ root: join(root, 's3') });
  const proxy = await startFaultProxy({ target: server.endpoint, delayMs: 5 });
  await makeBucket(server, 'dashboard', { volumes: 50, backups: 20, blocks: 3 });
  const embedded = await startEmbedded({ dataDir: join(root, 'mooring'), sample: true, say: () => undefined });
  const jobs = Object.entries(embedded.services()).map(([name, { metricsUrl }]) => [
    `mooring-${name}`,
    [new URL(metricsUrl).host],
  ]);
  const prometheus = await startPrometheus({
    root: join(root, 'prometheus'),
    command: programs.prometheus,
    jobs: Object.fromEntries(jobs) as Record<string, string[]>,
    intervalSeconds: STEP_SECONDS,
  });
  const startedAt = Date.now() / 1_000;
  const done = new AbortController();
  const users = beUsers(embedded, done.signal);
  await apply(embedded, 'offsite', credentialsFor(server, proxy.url));
  await beUnreliable(proxy, minutes * 60_000);
  const drawn: DrawnQuery[] = [];
  for (const query of await dashboardQueries('20s')) {
    const range = { start: startedAt, end: Date.now() / 1_000, step: STEP_SECONDS };
    drawn.push({ ...query, series: await prometheus.queryRange(query.expression, range) });
  }
  done.abort();
  await users;
  for (const part of [prometheus, embedded, proxy, server]) await part.stop();
  await rm(root, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const page = join(folder, 'dashboard.html');
  await writeFile(page, drawDashboard(drawn));
  const empty = drawn
    .filter(({ series }) => series.length === 0)
    .map(({ title, expression }) => `${title}: ${expression}`);
  process.stdout.write(
    `${page}\n${empty.length === 0 ? 'every query has data' : `without data:\n${empty.join('\n')}`}\n`,
  );
  await promisify(execFile)('chromium', [
    ...CHROMIUM,
    `--user-data-dir=${join(root, 'chromium')}`,
    '--window-size=1500,2700',
    `--screenshot=${join(folder, 'dashboard.png')}`,
    page,
  ]).catch((error: unknown) => process.stderr.write(`no picture: ${String(error)}\n`));
  await rm(root, { recursive: true, force: true });
}

const [minutes = '4', folder = 'coverage/dashboard'] = process.argv.slice(2);
await main(Number(minutes), resolve(folder));
