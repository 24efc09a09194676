import { expect } from 'chai';
import { backupStateNumber } from './backup-state.ts';

describe('backupStateNumber', () => {
  const rows: [string | null | undefined, number][] = [
    [undefined, 0],
    [null, 0],
    ['', 0],
    ['Pending', 1],
    ['InProgress', 2],
    ['Completed', 3],
    ['Error', 4],
    ['Unknown', 5],
    ['Deleting', 5],
  ];
  for (const [state, number] of rows) {
    it(`is ${number} for ${state === undefined ? 'no state' : `'${String(state)}'`}`, () =>
      expect(backupStateNumber(state)).to.equal(number));
  }
});
