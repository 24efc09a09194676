import { expect } from 'chai';
import fc from 'fast-check';
import { formatDuration, parseDurationMs } from './duration.ts';

describe('Go durations', () => {
  const table: [text: string, durationMs: number | undefined][] = [
    ['5m0s', 300_000],
    ['4m30s', 270_000],
    ['0s', 0],
    ['0', 0],
    ['1h', 3_600_000],
    ['1h30m0.5s', 5_400_500],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['300ms', 300],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['1000000ns', 1],
    ['1m1m', 120_000],
    ['', undefined],
    ['5', undefined],
    ['5x', undefined],
    ['-5s', undefined],
    ['5 s', undefined],
    ['s', undefined],
    ['.s', undefined],
    ['9999999999h', undefined],
  ];
  for (const [text, durationMs] of table) {
    it(`reads '${text}' as ${durationMs === undefined ? 'no duration' : `${durationMs} ms`}`, () => {
      expect(parseDurationMs(text)).to.equal(durationMs);
    });
  }

  it('are written as Go writes them', () => {
    const written = [0, -1, 300, 1500, 60_000, 270_000, 300_000, 3_600_000, 0.25].map(formatDuration);
    expect(written).to.deep.equal(['0s', '0s', '300ms', '1.5s', '1m0s', '4m30s', '5m0s', '1h0m0s', '250µs']);
  });

  it('survive writing and reading', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (durationMs) => {
        expect(parseDurationMs(formatDuration(durationMs))).to.be.closeTo(durationMs, 0.001);
      }),
    );
  });
});
