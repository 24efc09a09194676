import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { metricCatalog, type MetricDefinition, type MetricSource } from '@mooring/telemetry';
import {
  type Embedded,
  eventually,
  type Prometheus,
  type S3Server,
  startEmbedded,
  startPrometheus,
  startS3,
  temporaryFolder,
} from '@mooring/testing';
import { expect } from 'chai';
import { dashboardQueries } from './dashboard.ts';
import { findPrometheus } from './prometheus-programs.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const STORE = join(REPOSITORY, 'test/fixtures/longhorn-store/store');
const OBJECTS = '/apis/longhorn.io/v1beta2/namespaces/longhorn-system';
const CONTROLLERS = ['target-controller', 'volume-controller', 'backup-controller'];
const WEBHOOKS = ['mutating-webhook', 'validating-webhook'];

/** Metrics that only faults bring about, which a busy machine may make here too; test/fault/runtime-informer.test.ts makes them. */
const ONLY_AFTER_FAULTS = ['mooring_informer_restarts_total'];

interface Family {
  type: string;
  labels: Set<string>;
}

/** Every metric of a text in Prometheus' format, with the labels of its series (but `le`). */
function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: Family | undefined;
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) families.set(name, (current = { type, labels: new Set() }));
    else if (!line.startsWith('#')) for (const label of labelsIn(line)) current?.labels.add(label);
  }
  return families;
}

function labelsIn(series: string): string[] {
  return [...series.matchAll(/([a-z_]+)="/g)].map(([, label = '']) => label).filter((label) => label !== 'le');
}

function servicesOf(source: MetricSource): string[] {
  if (source === 'all') return [...WEBHOOKS, ...CONTROLLERS];
  if (source === 'controllers') return CONTROLLERS;
  return source === 'webhooks' ? WEBHOOKS : [source];
}

describe('monitoring of running services', function () {
  this.timeout(180_000);

  let embedded: Embedded;
  let store: S3Server;
  let prometheus: Prometheus;
  const stops: (() => Promise<void>)[] = [];

  async function apply(name: string, url: string, credentials: Record<string, string>): Promise<void> {
    const { api } = embedded.controlPlane;
    const metadata = { name, namespace: 'longhorn-system' };
    await api.request({
      method: 'POST',
      path: '/api/v1/namespaces/longhorn-system/secrets',
      body: { apiVersion: 'v1', kind: 'Secret', metadata, stringData: credentials },
    });
    const spec = { backupTargetURL: url, credentialSecret: name, pollInterval: '2s' };
    const body = { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata, spec };
    await api.request({ method: 'POST', path: `${OBJECTS}/backuptargets`, body });
  }

  /** The chart's rules, without their patience. */
  async function impatientRules(root: string): Promise<string> {
    const rules = await readFile(join(REPOSITORY, 'charts/mooring/files/alerts/mooring.yaml'), 'utf8');
    const file = join(root, 'rules.yaml');
    await writeFile(file, rules.replace(/^( +for): \S+$/gm, '$1: 2s'));
    return file;
  }

  before(async function () {
    const programs = await findPrometheus();
    if (programs === undefined) return this.skip();
    store = await startS3({ root: await temporaryFolder('monitoring-store') });
    stops.push(() => store.stop());
    await store.createBucket('backups');
    await cp(STORE, join(store.dataFolder, 'backups'), { recursive: true });
    embedded = await startEmbedded({ dataDir: await temporaryFolder('monitoring'), say: () => undefined });
    stops.push(() => embedded.stop());
    await apply('s3', 's3://backups@us-east-1/', {
      AWS_ACCESS_KEY_ID: store.accessKey,
      AWS_SECRET_ACCESS_KEY: store.secretKey,
      AWS_ENDPOINTS: store.endpoint,
    });
    const root = await temporaryFolder('prometheus');
    const services = Object.entries(embedded.services());
    prometheus = await startPrometheus({
      root,
      command: programs.prometheus,
      jobs: Object.fromEntries(
        services.map(([name, { metricsUrl }]) => [`mooring-${name}`, [new URL(metricsUrl).host]]),
      ),
      ruleFiles: [await impatientRules(root)],
    });
    stops.push(() => prometheus.stop());
  });

  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  async function firing(): Promise<string[]> {
    return (await prometheus.alerts())
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => [labels['alertname'], labels['backup_target'] ?? labels['job'] ?? ''].join(' ').trim());
  }

  it('finds every service up and every target ready, and no alert', async () => {
    await eventually(
      async () => {
        const up = await prometheus.query('sum(up{job=~"mooring-.+"})');
        expect(up[0]?.value[1]).to.equal('5');
        const ready = await prometheus.query('max by (backup_target) (mooring_target_ready) == 1');
        expect(ready.map(({ metric }) => metric['backup_target'])).to.include('s3');
        expect(await firing()).to.deep.equal([]);
      },
      { timeoutMs: 60_000, what: 'a healthy Mooring in Prometheus' },
    );
  });

  it('has data for every query of the dashboard', async () => {
    const empty: string[] = [];
    await eventually(
      async () => {
        empty.length = 0;
        for (const { title, expression } of await dashboardQueries('10s')) {
          // What shows failures is empty while there are none.
          const isOfFailures = /!="ok"|retries_total|status!~/.test(expression);
          if (!isOfFailures && (await prometheus.query(expression)).length === 0) empty.push(`${title}: ${expression}`);
        }
        expect(empty.join('\n')).to.equal('');
      },
      { timeoutMs: 30_000, what: 'every panel with data' },
    );
  });

  it('sees the alert of a target fire when its store is gone, in words that were filled in, and of no other', async () => {
    // Not only at the start: an alert that is always there would be seen now.
    await eventually(async () => expect(await firing()).to.deep.equal([]), { timeoutMs: 30_000, what: 'no alert' });
    await store.stop();
    await eventually(async () => expect(await firing()).to.include('MooringTargetNotReady s3'), {
      timeoutMs: 90_000,
      what: 'the alert',
    });
    expect((await firing()).filter((alert) => alert.startsWith('MooringTarget'))).to.deep.equal([
      'MooringTargetNotReady s3',
    ]);
    const alert = (await prometheus.alerts()).find(({ labels }) => labels['alertname'] === 'MooringTargetNotReady');
    expect(alert?.annotations['summary']).to.equal('Backup target s3 is not ready');
    for (const { annotations } of await prometheus.alerts())
      expect(Object.values(annotations).join()).not.to.match(/error expanding|\{\{|<no value>/);
  });

  it('sees the alert of a store whose calls are paused', async () => {
    await eventually(
      async () => expect(await firing()).to.include('MooringStoreBreakerOpen mooring-target-controller'),
      { timeoutMs: 90_000, what: 'the alert' },
    );
  });

  it('finds only metrics that the catalog describes, as it describes them', async () => {
    for (const [service, { metricsUrl }] of Object.entries(embedded.services())) {
      const families = familiesOf(await (await fetch(metricsUrl)).text());
      for (const [name, { type, labels }] of families) {
        const described: MetricDefinition | undefined = (metricCatalog as Record<string, MetricDefinition>)[name];
        expect(described, `${name} of ${service}`).not.to.equal(undefined);
        expect(type, name).to.equal(described?.type);
        expect(described?.labels, name).to.include.members([...labels]);
        expect(described?.from.flatMap(servicesOf), name).to.include(service);
      }
    }
  });

  it('finds every metric that the catalog describes, with all its labels, at those that it names', async () => {
    const found = new Map<string, Map<string, Family>>();
    for (const [service, { metricsUrl }] of Object.entries(embedded.services()))
      found.set(service, familiesOf(await (await fetch(metricsUrl)).text()));
    const missing: string[] = [];
    for (const [name, { from, labels }] of Object.entries<MetricDefinition>(metricCatalog)) {
      const sources = from.flatMap(servicesOf).filter((service) => found.get(service)?.has(name));
      if (sources.length === 0) missing.push(name);
      for (const service of sources) {
        const seen = found.get(service)?.get(name)?.labels;
        if (seen?.size !== 0) expect([...(seen ?? [])], `${name} of ${service}`).to.have.members([...labels]);
      }
    }
    expect(missing.filter((name) => !ONLY_AFTER_FAULTS.includes(name))).to.deep.equal([]);
  });
});
