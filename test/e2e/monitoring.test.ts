import { join } from 'node:path';
import { expect } from 'chai';
import { eventually, startCollector, startPrometheus, temporaryFolder } from '@mooring/testing';
import type { CollectedSpan, Collector, Prometheus } from '@mooring/testing';
import { findPrometheus } from '../integration/prometheus-programs.ts';
import { repositoryFolder } from './bed.ts';
import { run } from './cluster/commands.ts';
import { network } from './cluster/layout.ts';
import { services } from './images.ts';
import { createTargetOnS3, pods, waitForPods, waitUntilReady } from './objects.ts';
import { ensureInstalled, upgrade } from './release.ts';
import { canaries, s3Server } from './stores.ts';

const rules = join(repositoryFolder, 'charts', 'mooring', 'files', 'alerts', 'mooring.yaml');

/** The Pods of each service, as a ServiceMonitor would find them; Debian's Prometheus is built without Kubernetes' discovery. */
async function scrapeJobs(): Promise<Record<string, string[]>> {
  const entries = services.map(async (service) => {
    const addresses = (await pods(service)).map(({ status }) => `${status.podIP ?? ''}:8080`);
    return [`mooring-${service}`, addresses];
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string[]>;
}

describe('metrics, scraped by a real Prometheus', () => {
  let prometheus: Prometheus | undefined;

  before(async function () {
    await ensureInstalled();
    await waitForPods(10);
    const programs = await findPrometheus();
    if (programs === undefined) return this.skip();
    const check = await run(programs.promtool, ['check', 'rules', rules]);
    expect(check).to.contain('SUCCESS');
    const root = await temporaryFolder('e2e-prometheus');
    const command = programs.prometheus;
    prometheus = await startPrometheus({ root, command, jobs: await scrapeJobs(), ruleFiles: [rules] });
  });

  after(async () => {
    await prometheus?.stop();
  });

  it('come from all ten Pods', async () => {
    await eventually(async () => (await prometheus?.query('up == 1'))?.length === 10, {
      timeoutMs: 60_000,
      intervalMs: 500,
      what: 'ten Pods are scraped',
    });
  });

  it('say which process leads, once for each controller', async () => {
    await eventually(
      async () => {
        const leaders = await prometheus?.query('sum by (job) (mooring_leader{job=~".+-controller"})');
        expect(leaders?.map(({ metric, value }) => `${metric['job'] ?? ''} ${value[1]}`).sort()).to.deep.equal([
          'mooring-backup-controller 1',
          'mooring-target-controller 1',
          'mooring-volume-controller 1',
        ]);
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
  });

  it('fire no alert while all is well', async () => {
    const firing = (await prometheus?.alerts())?.filter(({ state }) => state === 'firing');
    expect(firing?.map(({ labels }) => labels['alertname'])).to.deep.equal([]);
  });
});

/** The services on the way from a span to the beginning of its trace. */
function wayOf(span: CollectedSpan, spans: readonly CollectedSpan[]): string[] {
  const parent = spans.find(({ spanId, traceId }) => spanId === span.parentSpanId && traceId === span.traceId);
  return [span.service, ...(parent === undefined ? [] : wayOf(parent, spans))];
}

describe('one trace, received by a real OpenTelemetry collector', () => {
  let collector: Collector;

  before(async () => {
    await ensureInstalled();
    collector = await startCollector({ root: await temporaryFolder('e2e-collector'), host: network.nodeIp });
    await upgrade({ telemetry: { otlpEndpoint: collector.endpoint }, logLevel: 'debug' });
    // A Pod of before that still drains would begin a trace that nobody records.
    await waitForPods(10);
  });

  after(async () => {
    await collector.stop();
    await upgrade();
  });

  it('leads from kubectl apply to the calls of the store', async () => {
    await createTargetOnS3('e2e-traced', await s3Server(), 'traced/');
    await waitUntilReady('backuptargets', 'e2e-traced');
    await eventually(
      async () => {
        const spans = await collector.spans();
        const calls = spans.filter(({ name, service }) => service === 'target-controller' && name.startsWith('store '));
        const roots = new Set(calls.map((call) => wayOf(call, spans).at(-1)));
        expect([...roots]).to.include('mutating-webhook');
      },
      { timeoutMs: 60_000, intervalMs: 1_000, what: 'a store call below the admission of its target' },
    );
    for (const secret of Object.values(canaries)) expect(await collector.text()).to.not.contain(secret);
  });
});
