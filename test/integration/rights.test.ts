import { readFile } from 'node:fs/promises';
import {
  operationsFile,
  operationsPage,
  reasonFor,
  renderChart,
  type Right,
  rightReasons,
  rightsIn,
} from '@mooring/testing';
import { expect } from 'chai';

describe('the rights that the chart gives', function () {
  this.timeout(120_000);
  let rights: Right[];

  before(async () => {
    const beside = await renderChart({ hooks: true, values: { coexistence: { allow: true } } });
    rights = [...rightsIn(await renderChart({ hooks: true })), ...rightsIn(beside)];
  });

  it('have a reason each, in shared/testing/src/documents/rights-reasons.ts', () => {
    const without = rights
      .filter((right) => reasonFor(right) === undefined)
      .map(({ subject, verb, resource }) => `${subject} may ${verb} ${resource}`);
    expect([...new Set(without)]).to.deep.equal([]);
  });

  it('are there for every reason that is given', () => {
    const used = new Set(rights.map(reasonFor));
    expect(rightReasons.filter((reason) => !used.has(reason)).map(({ why }) => why)).to.deep.equal([]);
  });

  it('are few: nobody may do everything, nor anything to everything', () => {
    expect(rights.filter(({ verb, resource }) => verb === '*' || resource === '*')).to.deep.equal([]);
  });

  it('are in docs/operations.md (else run `npm run generate`)', async () => {
    expect(await readFile(operationsFile, 'utf8')).to.equal(await operationsPage());
  });
});
