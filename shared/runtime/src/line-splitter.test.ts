import { expect } from 'chai';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

/** Feeds `bytes` in pieces that end at the given places. */
function splitAt(bytes: Buffer, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter();
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const lines: string[] = [];
  let start = 0;
  for (const end of [...places, bytes.length]) {
    lines.push(...splitter.push(bytes.subarray(start, end)));
    start = end;
  }
  return lines;
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut, also inside a character', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        expect(splitAt(bytes, cuts)).to.deep.equal(lines.filter((each) => each !== ''));
      }),
    );
  });

  it('keeps an unfinished last line to itself', () => {
    const splitter = new LineSplitter();
    expect([...splitter.push(Buffer.from('one\ntw'))]).to.deep.equal(['one']);
    expect(splitter.pendingBytes).to.equal(2);
  });

  it('takes a line of many megabytes that comes in small pieces', () => {
    const splitter = new LineSplitter();
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let i = 0; i < 128; i++) expect([...splitter.push(piece)]).to.deep.equal([]);
    const [line] = splitter.push(Buffer.from('\n'));
    expect(line).to.have.length(8 * 1024 * 1024);
    expect(splitter.pendingBytes).to.equal(0);
  });

  it('refuses a line without end', () => {
    const splitter = new LineSplitter(10);
    expect(() => [...splitter.push(Buffer.from('0123456789a'))]).to.throw(RangeError);
  });
});
