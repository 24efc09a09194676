import { expect } from 'chai';
import type { ApiClient } from './api-client.ts';
import { getTable, renderColumns } from './table.ts';

function answering(table: unknown): ApiClient {
  return {
    server: '',
    request: <T>() => Promise.resolve(table as T),
    close: () => undefined,
  };
}

const columnDefinitions = [
  { name: 'Name', priority: 0 },
  { name: 'Wide', priority: 1 },
  { name: 'Ready', priority: 0 },
];

describe('renderColumns', () => {
  it('lines the columns up as kubectl does', () => {
    expect(
      renderColumns([
        ['NAME', 'READY'],
        ['a-long-name', 'True'],
        ['b', ''],
      ]),
    ).to.equal('NAME          READY\na-long-name   True\nb');
  });
});

describe('getTable', () => {
  it('leaves out the columns of -o wide and says what it cut off', async () => {
    const rows = ['a', 'b', 'c'].map((name) => ({ cells: [name, 'x', null] }));
    expect(await getTable(answering({ columnDefinitions, rows }), '/', 2)).to.equal(
      'NAME   READY\na      <none>\nb      <none>\n… and 1 more',
    );
  });

  it('says that there is nothing', async () => {
    expect(await getTable(answering({ columnDefinitions }), '/')).to.equal('No resources found');
  });
});
