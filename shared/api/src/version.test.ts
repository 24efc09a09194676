import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { compareVersions, MOORING_VERSION } from './version.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('the version', () => {
  it('is that of every package', () => {
    const folders = ['shared', 'services'].flatMap((group) =>
      readdirSync(join(ROOT, group)).map((one) => join(group, one)),
    );
    for (const folder of ['.', ...folders]) {
      const { version } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { version: string };
      expect(version, folder).to.equal(MOORING_VERSION);
    }
  });

  it('is the app version of the chart', () => {
    const chart = readFileSync(join(ROOT, 'charts/mooring/Chart.yaml'), 'utf8');
    expect(/^appVersion: *['"]?([^'"\n]*)/m.exec(chart)?.[1]).to.equal(MOORING_VERSION);
  });

  it('is ordered as semver orders', () => {
    const ascending = ['', '0.0.0', '0.0.9', '0.1.0', '0.10.0', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta'];
    ascending.push('1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '2.0.0');
    for (const [at, older] of ascending.entries()) {
      for (const [after, newer] of ascending.entries()) {
        const isZero = older === '' && newer === '0.0.0';
        if (after > at && !isZero) expect(compareVersions(older, newer), `${older} < ${newer}`).to.be.below(0);
        if (after > at && !isZero) expect(compareVersions(newer, older), `${newer} > ${older}`).to.be.above(0);
      }
    }
  });

  it('takes a leading v and build metadata for nothing, and nonsense for the oldest', () => {
    expect(compareVersions('v1.2.3', '1.2.3+build.5')).to.equal(0);
    expect(compareVersions('nonsense', '0.0.1')).to.be.below(0);
    expect(compareVersions('1.x.0', '1.0.0')).to.equal(0);
  });
});
