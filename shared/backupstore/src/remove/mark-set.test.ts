import { expect } from 'chai';
import fc from 'fast-check';
import { storeChecksum } from '../layout.ts';
import { MarkSet } from './mark-set.ts';

const checksums = fc.uniqueArray(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
);

describe('a set of marked checksums', () => {
  it('holds what was added and nothing else', () => {
    fc.assert(
      fc.property(checksums, checksums, (added, others) => {
        const marks = new MarkSet();
        for (const checksum of [...added, ...added]) marks.add(checksum);
        expect(marks.size).to.equal(added.length);
        for (const checksum of added) expect(marks.has(checksum)).to.equal(true);
        for (const checksum of others) expect(marks.has(checksum)).to.equal(added.includes(checksum));
      }),
    );
  });

  it('holds a checksum of zeros', () => {
    const marks = new MarkSet();
    expect(marks.has('0'.repeat(64))).to.equal(false);
    marks.add('0'.repeat(64));
    expect(marks.has('0'.repeat(64))).to.equal(true);
    expect(marks.size).to.equal(1);
  });

  it('covers less when it is full, and in further rounds all of it, each checksum once', () => {
    const all = Array.from({ length: 5000 }, (_, n) => storeChecksum(String(n)));
    const seen: string[] = [];
    let rounds = 0;
    for (let start = 0; start < MarkSet.END; rounds++) {
      const marks = new MarkSet({ start, maxSlots: 1024 });
      for (const checksum of all) marks.add(checksum);
      const covered = all.filter((checksum) => marks.covers(checksum));
      for (const checksum of covered) expect(marks.has(checksum)).to.equal(true);
      expect(marks.size).to.equal(covered.length).and.be.at.most(768);
      seen.push(...covered);
      start = marks.end;
    }
    expect(seen.toSorted()).to.deep.equal(all.toSorted());
    expect(rounds).to.be.within(7, 40);
  });

  it('ends where checksums were made up to fill it', () => {
    const marks = new MarkSet({ maxSlots: 1024 });
    expect(() => {
      for (let n = 0; n < 2000; n++) marks.add(`00000000${n.toString(16).padStart(8, '0')}${'0'.repeat(48)}`);
    }).to.throw(RangeError);
  });
});
