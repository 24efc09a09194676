import { expect } from 'chai';
import fc from 'fast-check';
import { isBelievable, isConfirmed, judgeTrust, type TrustFacts } from './store-trust.ts';

const facts = (change: Partial<TrustFacts> = {}): TrustFacts => ({
  recordedStoreID: 'A',
  markerStoreID: 'A',
  sameUrl: true,
  mirrored: 5,
  confirmed: false,
  ...change,
});

describe('the trust in a store', () => {
  const cases: [string, Partial<TrustFacts>, object][] = [
    ['is given by the marker with our ID', {}, { kind: 'trusted', storeID: 'A' }],
    ['is refused for another ID under the same URL', { markerStoreID: 'B' }, { kind: 'replaced' }],
    [
      'is refused for another ID also when nothing is mirrored',
      { markerStoreID: 'B', mirrored: 0 },
      { kind: 'replaced' },
    ],
    ['takes another ID when confirmed', { markerStoreID: 'B', confirmed: true }, { kind: 'establish', storeID: 'B' }],
    [
      'takes another ID when the URL changed',
      { markerStoreID: 'B', sameUrl: false },
      { kind: 'establish', storeID: 'B' },
    ],
    ['takes the marker of the first sync', { recordedStoreID: '', mirrored: 0 }, { kind: 'establish', storeID: 'A' }],
    [
      'writes a marker at the first sync',
      { recordedStoreID: '', markerStoreID: undefined, mirrored: 0 },
      { kind: 'establish' },
    ],
    ['writes a marker for a new URL', { markerStoreID: undefined, sameUrl: false }, { kind: 'establish' }],
    [
      'writes a new marker when the loss of the old is confirmed',
      { markerStoreID: undefined, confirmed: true },
      { kind: 'establish' },
    ],
    ['looks first when the marker is lost', { markerStoreID: undefined }, { kind: 'judge' }],
    ['looks first when there never was one', { recordedStoreID: '', markerStoreID: undefined }, { kind: 'judge' }],
    ['looks first when a marker appears that we never saw', { recordedStoreID: '' }, { kind: 'judge' }],
  ];
  for (const [name, change, trust] of cases) {
    it(name, () => {
      expect(judgeTrust(facts(change))).to.deep.equal(trust);
    });
  }

  it('never lets objects of this store go without the marker, a listing that fits, a new URL or a word of the user', () => {
    const id = fc.constantFrom('', 'A', 'B');
    fc.assert(
      fc.property(id, fc.option(id, { nil: undefined }), fc.nat(3), (recordedStoreID, markerStoreID, mirrored) => {
        const trust = judgeTrust({
          recordedStoreID,
          markerStoreID,
          sameUrl: true,
          mirrored: mirrored + 1,
          confirmed: false,
        });
        if (trust.kind === 'establish') return false;
        return trust.kind !== 'trusted' || markerStoreID === recordedStoreID;
      }),
    );
  });
});

describe('a listing without marker', () => {
  const listed = new Set(['volume/a', 'volume/new']);
  const cases: [string, string[], boolean][] = [
    ['is believed when one thing is known', ['volume/x', 'volume/a'], true],
    ['is not believed when all are strangers', ['volume/x'], false],
    ['is not believed without anything to compare', [], false],
  ];
  for (const [name, mirrored, believed] of cases) {
    it(name, () => {
      expect(isBelievable(mirrored, (thing) => listed.has(thing))).to.equal(believed);
    });
  }
});

describe('the confirmation', () => {
  const cases: [string, string | undefined, string | null | undefined, boolean][] = [
    ['counts for the last sync', 'T1', 'T1', true],
    ['does not count for an earlier sync', 'T0', 'T1', false],
    ['is absent', undefined, undefined, false],
    ['is empty for a target that never synced', '', null, true],
    ['is empty but there was a sync', '', 'T1', false],
  ];
  for (const [name, annotation, lastSyncedAt, confirmed] of cases) {
    it(name, () => {
      expect(isConfirmed(annotation, lastSyncedAt)).to.equal(confirmed);
    });
  }
});
