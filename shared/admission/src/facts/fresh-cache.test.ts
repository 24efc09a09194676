import { expect } from 'chai';
import { findStaleness } from './fresh-cache.ts';

describe('findStaleness', () => {
  const well = { synced: true, connected: true, lastContactMs: 0, ageMs: 0 };
  const cases: readonly [string, Partial<typeof well>, string | undefined][] = [
    ['believes a connected cache', {}, undefined],
    ['believes a quiet cache between two bookmarks', { ageMs: 90_000 }, undefined],
    ['believes a cache whose watch is just being renewed', { connected: false, ageMs: 5_000 }, undefined],
    ['never believes an unfilled cache', { synced: false }, 'is not filled yet'],
    ['doubts a cache that is cut off', { connected: false, ageMs: 5_001 }, 'has had no connection for 5 s'],
    ['doubts a watch that is open but dead', { ageMs: 100_001 }, 'has heard nothing for 100 s'],
  ];
  for (const [name, change, staleness] of cases) {
    it(name, () => expect(findStaleness({ ...well, ...change })).to.equal(staleness));
  }
});
