import { expect } from 'chai';
import fc from 'fast-check';
import { isAskedToSync, microTime, secondTime, type SyncState } from './time.ts';

const NOW = Date.UTC(2026, 7, 21, 10, 0, 0, 123);
const SYNCED = { lastSyncedAt: '2026-08-21T10:00:00Z' };

describe('asking for a sync', () => {
  const table: [what: string, object: SyncState, asked: boolean][] = [
    ['never synced', { spec: {} }, true],
    ['a null time of the last sync', { spec: {}, status: { lastSyncedAt: null } }, true],
    ['synced and nothing asked', { spec: { syncRequestedAt: null }, status: SYNCED }, false],
    ['asked for the first time', { spec: { syncRequestedAt: 'a' }, status: SYNCED }, true],
    ['asked and done', { spec: { syncRequestedAt: 'a' }, status: { ...SYNCED, observedSyncRequestedAt: 'a' } }, false],
    ['asked again', { spec: { syncRequestedAt: 'b' }, status: { ...SYNCED, observedSyncRequestedAt: 'a' } }, true],
    [
      'asked with a clock that is behind',
      {
        spec: { syncRequestedAt: '1999-01-01T00:00:00Z' },
        status: { ...SYNCED, observedSyncRequestedAt: '2026-08-21T10:00:00Z' },
      },
      true,
    ],
    ['no longer asked', { spec: {}, status: { ...SYNCED, observedSyncRequestedAt: 'a' } }, false],
  ];
  for (const [what, object, asked] of table) {
    it(`is ${asked ? 'seen' : 'not seen'} with ${what}`, () => {
      expect(isAskedToSync(object)).to.equal(asked);
    });
  }
});

describe('times', () => {
  it('have microseconds', () => {
    expect(microTime(NOW)).to.equal('2026-08-21T10:00:00.123000Z');
    expect(secondTime(NOW)).to.equal('2026-08-21T10:00:00Z');
  });

  const later: [previous: string | null, expected: string][] = [
    [null, '2026-08-21T10:00:00.123000Z'],
    ['', '2026-08-21T10:00:00.123000Z'],
    ['no time', '2026-08-21T10:00:00.123000Z'],
    ['2026-08-21T10:00:00.122999Z', '2026-08-21T10:00:00.123000Z'],
    ['2026-08-21T10:00:00.123Z', '2026-08-21T10:00:00.123001Z'],
    ['2026-08-21T10:10:00Z', '2026-08-21T10:10:00.000001Z'],
    ['2026-08-21T12:10:00+02:00', '2026-08-21T10:10:00.000001Z'],
    ['2026-08-21T10:10:00.1234567Z', '2026-08-21T10:10:00.123458Z'],
    ['2026-08-21T10:10:00.999999Z', '2026-08-21T10:10:01.000000Z'],
  ];
  for (const [previous, expected] of later) {
    it(`after '${String(previous)}' the next is ${expected}`, () => {
      expect(microTime(NOW, previous)).to.equal(expected);
    });
  }

  it('of one writer strictly increase, whatever its clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 * 10 ** 12 }), { minLength: 2 }), (clock) => {
        let previous: string | undefined;
        for (const nowMs of clock) {
          const next = microTime(nowMs, previous);
          if (previous !== undefined) expect(next > previous, `${previous} < ${next}`).to.equal(true);
          previous = next;
        }
      }),
    );
  });
});
