import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { metricCatalog, type MetricDefinition } from './catalog.ts';
import { metricsPage } from './metrics-page.ts';

const FILE = fileURLToPath(new URL('../../../docs/metrics.md', import.meta.url));
const ALL: [string, MetricDefinition][] = Object.entries(metricCatalog);

describe('docs/metrics.md', () => {
  it('is what the catalog says (else run `npm run generate`)', async () => {
    expect(await readFile(FILE, 'utf8')).to.equal(metricsPage());
  });

  it('has a row for every metric', () => {
    const rows = [...metricsPage().matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map(([, name]) => name);
    expect(rows).to.have.members(ALL.map(([name]) => name));
  });
});

describe('the catalog of metrics', () => {
  it('keeps to the names that Prometheus expects', () => {
    for (const [name, { type, unit, labels }] of ALL) {
      expect(name).to.match(/^(mooring|longhorn|process|nodejs)(_[a-z0-9]+)+$/);
      expect(name.endsWith('_total'), name).to.equal(type === 'counter');
      expect(/_seconds(_total)?$/.test(name), name).to.equal(unit.endsWith('seconds'));
      expect(name.endsWith('_bytes'), name).to.equal(unit === 'bytes');
      for (const label of labels) expect(label).to.match(/^[a-z]+(_[a-z]+)*$/);
    }
  });

  it('says what each means in one sentence', () => {
    for (const [name, { meaning }] of ALL) expect(meaning, name).to.match(/^[A-Z0-9].{8,200}[^.]$/);
  });
});
