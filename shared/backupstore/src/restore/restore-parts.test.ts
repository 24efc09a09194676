import { expect } from 'chai';
import fc from 'fast-check';
import { blockBytesOf } from '../format/block-size.ts';
import { storeChecksum } from '../layout.ts';
import { BlockGroups } from './block-groups.ts';
import { PlaceMap } from './place-map.ts';

describe('block references', () => {
  it('come back grouped by block, in the order of the first of each, whatever was added', () => {
    const seeds = fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(seeds, fc.nat({ max: 3 }), (list, rounds) => {
        const groups = new BlockGroups(list.length);
        for (let round = 0; round <= rounds; round++) {
          const expected = new Map<string, number[]>();
          for (const [index, seed] of list.entries()) {
            const checksum = storeChecksum(String(seed));
            groups.add({ offset: index * 4096, checksum });
            expected.set(checksum, [...(expected.get(checksum) ?? []), index * 4096]);
          }
          expect(groups.isFull).to.equal(true);
          const found = [...groups.take()].map(({ checksum, offsets }): [string, readonly number[]] => [
            checksum,
            offsets,
          ]);
          expect(found).to.deep.equal([...expected]);
        }
      }),
    );
  });
});

describe('the places of a volume', () => {
  const shape = { key: 'k', blockBytes: 10, sizeBytes: 45 };

  it('are taken once, in any order, and the rest are gaps', () => {
    const places = new PlaceMap({ ...shape, endsShort: true });
    for (const offset of [40, 10]) places.take({ offset, checksum: '' });
    expect([...places.gaps()]).to.deep.equal([
      { offset: 0, length: 10 },
      { offset: 20, length: 20 },
    ]);
    expect(() => {
      places.take({ offset: 10, checksum: '' });
    }).to.throw('two blocks at offset 10');
  });

  for (const [offset, text] of [
    [5, 'no multiple'],
    [-10, 'no multiple'],
    [40, 'up to byte 50, the destination has 45'],
    [50, 'up to byte 60'],
  ] as const) {
    it(`refuse offset ${String(offset)}`, () => {
      expect(() => {
        new PlaceMap(shape).take({ offset, checksum: '' });
      }).to.throw(text);
    });
  }
});

describe('the block size of a backup', () => {
  const cases: [string | undefined, number | undefined][] = [
    [undefined, 2_097_152],
    ['', 2_097_152],
    ['2097152', 2_097_152],
    ['16Mi', 16_777_216],
    ['2e6', 2_000_000],
    ['0.5Mi', 524_288],
    ['4k', 4000],
    ['0', undefined],
    ['-1', undefined],
    ['0.3', undefined],
    ['2MB', undefined],
    ['x', undefined],
    ['99999999999', undefined],
  ];
  for (const [text, bytes] of cases) {
    it(`is ${String(bytes ?? 'refused')} for '${text ?? 'no parameter'}'`, () => {
      const read = (): number => blockBytesOf(text === undefined ? null : { 'backup-block-size': text }, 'k');
      if (bytes === undefined) expect(read).to.throw('invalid block size');
      else expect(read()).to.equal(bytes);
    });
  }
});
