import { expect } from 'chai';
import { reviewDeadlineMs } from './deadline.ts';

describe('reviewDeadlineMs', () => {
  const cases: readonly [unknown, number][] = [
    ['10s', 9_000],
    ['30s', 29_000],
    ['99s', 29_000],
    ['1s', 500],
    ['2s', 1_000],
    [undefined, 9_000],
    ['', 9_000],
    ['1h', 9_000],
    [['5s', '6s'], 9_000],
  ];
  for (const [timeout, expected] of cases) {
    it(`gives ${expected} ms for ${JSON.stringify(timeout)}`, () =>
      expect(reviewDeadlineMs(timeout)).to.equal(expected));
  }
});
