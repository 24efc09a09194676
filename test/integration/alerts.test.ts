import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { metricCatalog } from '@mooring/telemetry';
import { type KubeManifest, renderChart, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { dashboardQueries } from './dashboard.ts';
import { findPrometheus } from './prometheus-programs.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const RULES = join(REPOSITORY, 'charts/mooring/files/alerts/mooring.yaml');
const run = promisify(execFile);

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

function ruleSpec(objects: readonly KubeManifest[]): { groups: { rules: Rule[] }[] } {
  return objects.find(({ kind }) => kind === 'PrometheusRule')?.['spec'] as { groups: { rules: Rule[] }[] };
}

/** The metrics of a PromQL expression that the catalog does not have: words with an underscore that are neither label nor function. */
function unknownMetricsIn(expression: string): string[] {
  const bare = expression.replace(/"[^"]*"/g, '').replace(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/\b[a-z]+_[a-z0-9_]+\b(?!\s*(?:\(|=|!|by\b))/g)]
    .map(([word]) => word.replace(/(?<=_seconds)_(?:bucket|sum|count)$/, ''))
    .filter((word) => !(word in metricCatalog));
}

describe('the alerts of the chart', function () {
  this.timeout(120_000);
  let rules: Rule[];
  let promtool: string | undefined;

  before(async () => {
    const objects = await renderChart({ values: { metrics: { prometheusRule: { enabled: true } } } });
    rules = ruleSpec(objects).groups.flatMap((group) => group.rules);
    promtool = (await findPrometheus())?.promtool;
  });

  it('are valid for promtool', async function () {
    if (promtool === undefined) return this.skip();
    const { stdout } = await run(promtool, ['check', 'rules', RULES]);
    expect(stdout).to.include(`SUCCESS: ${rules.length} rules found`);
  });

  it('fire for what they are meant for and for nothing else (promtool test rules)', async function () {
    if (promtool === undefined) return this.skip();
    const { stdout } = await run(promtool, ['test', 'rules', 'mooring.yaml'], { cwd: join(REPOSITORY, 'test/alerts') });
    expect(stdout).to.include('SUCCESS');
  });

  it('have a test each', async () => {
    const tests = await readFile(join(REPOSITORY, 'test/alerts/mooring.yaml'), 'utf8');
    for (const { alert } of rules) expect(tests).to.match(new RegExp(`ALERTS\\{alertname="${alert}".*severity=`));
  });

  it('name only metrics of the catalog', () => {
    expect(rules.flatMap(({ expr }) => unknownMetricsIn(expr))).to.deep.equal([]);
  });

  it('say how bad it is, what it is and what to do, with a section in docs/operations.md', async () => {
    const sections = [...(await readFile(join(REPOSITORY, 'docs/operations.md'), 'utf8')).matchAll(/^### (\w+)$/gm)];
    for (const { alert, labels, annotations } of rules) {
      expect(labels['severity'], alert).to.be.oneOf(['info', 'warning', 'critical']);
      expect(annotations['summary'], alert).to.match(/\S/);
      expect(annotations['description'], alert).to.match(/\.$|\}\}$/);
      expect(annotations['runbook_url']).to.equal(`docs/operations.md#${alert.toLowerCase()}`);
      expect(sections.map(([, title]) => title)).to.include(alert);
    }
  });

  it('are rendered as a PrometheusRule of the release, valid for promtool too', async function () {
    const on = { enabled: true };
    const prometheusRule = { ...on, runbookUrl: 'https://docs.example/operations' };
    const metrics = { prometheusRule, serviceMonitor: on, dashboard: on };
    const objects = await renderChart({ values: { metrics, objectNamespace: 'backups' } });
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds).to.include.members(['PrometheusRule', 'ServiceMonitor']);
    const text = JSON.stringify(ruleSpec(objects));
    expect(text).to.include('https://docs.example/operations#mooringtargetnotready');
    expect(text).to.include('kubectl -n backups').and.not.to.include('longhorn-system');
    if (promtool === undefined) return this.skip();
    const file = join(await temporaryFolder('rules'), 'rules.yaml');
    await writeFile(file, text);
    await run(promtool, ['check', 'rules', file]);
  });

  it('are not rendered unless they are asked for, so that no CRD of others is needed', async () => {
    const kinds = (await renderChart()).map(({ kind }) => kind);
    expect(kinds).not.to.include.oneOf(['PrometheusRule', 'ServiceMonitor']);
  });
});

describe('the dashboard of the chart', function () {
  this.timeout(120_000);

  it('asks only for metrics of the catalog', async () => {
    const queries = await dashboardQueries();
    expect(queries.flatMap(({ expression }) => unknownMetricsIn(expression))).to.deep.equal([]);
  });

  it('has queries that promtool parses', async function () {
    const promtool = (await findPrometheus())?.promtool;
    if (promtool === undefined) return this.skip();
    const queries = await dashboardQueries();
    const rules = queries.map(({ expression }, index) => ({ record: `panel:query${index}`, expr: expression }));
    const file = join(await temporaryFolder('dashboard'), 'rules.yaml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    const { stdout } = await run(promtool, ['check', 'rules', file]);
    expect(stdout).to.include(`SUCCESS: ${queries.length} rules found`);
  });

  it('says of each panel what it shows', async () => {
    for (const { title, description } of await dashboardQueries()) expect(description, title).to.match(/\.$/);
  });
});
