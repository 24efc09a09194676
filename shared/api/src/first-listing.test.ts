import { expect } from 'chai';
import fc from 'fast-check';
import { decodeFirstListing, encodeFirstListing, type VolumeListing } from './first-listing.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function listing(count: number): VolumeListing {
  const backups = Array.from({ length: count }, (_, i) => ({ name: `b${i}`, etag: `"e${i}"`, mtimeMs: i, size: 7 }));
  return { backups, configEtag: '"c"', configMtimeMs: NOW - 1_000 };
}

describe('the listing of a new volume that is handed over', () => {
  it('comes back as it was', () => {
    for (const count of [0, 1, 4]) {
      expect(decodeFirstListing(encodeFirstListing(listing(count), NOW), NOW + 5_000)).to.deep.include(listing(count));
    }
  });

  it('works for stores without ETags', () => {
    const bare = { backups: [{ name: 'b', mtimeMs: 5, size: 1 }], configMtimeMs: 4 };
    expect(decodeFirstListing(encodeFirstListing(bare, NOW), NOW)).to.deep.include(bare);
  });

  it('is not made for many backups, nor for a volume without volume.cfg', () => {
    expect(encodeFirstListing(listing(5), NOW)).to.equal(undefined);
    expect(encodeFirstListing({ backups: [] }, NOW)).to.equal(undefined);
  });

  it('is not believed when it is over a minute old, or from a clock as far ahead', () => {
    const text = encodeFirstListing(listing(1), NOW);
    for (const off of [-61_000, 61_000]) expect(decodeFirstListing(text, NOW + off)).to.equal(undefined);
  });

  it('is not believed when anybody else wrote it', () => {
    const forged = ['', 'null', '[]', '{', '{"atMs":1}', `{"atMs":${NOW},"configMtimeMs":1,"backups":[{"name":1}]}`];
    for (const text of [undefined, ...forged]) expect(decodeFirstListing(text, NOW)).to.equal(undefined);
    fc.assert(fc.property(fc.json(), (text) => decodeFirstListing(text, NOW) === undefined));
  });
});
