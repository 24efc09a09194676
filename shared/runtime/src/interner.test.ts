import { expect } from 'chai';
import { Interner } from './interner.ts';

describe('Interner', () => {
  it('gives the first of equal texts, and an empty one for none', () => {
    const interner = new Interner();
    expect(interner.intern('pvc-1')).to.equal('pvc-1');
    expect(interner.intern(null)).to.equal('');
    expect(interner.intern(undefined)).to.equal('');
  });

  it('keeps one copy of equal lists, and tells others apart', () => {
    const interner = new Interner();
    const first = ['longhorn.io'];
    expect(interner.internList(first)).to.equal(first);
    expect(interner.internList(['longhorn.io'])).to.equal(first);
    expect(interner.internList(['longhorn.io', 'x/y'])).to.deep.equal(['longhorn.io', 'x/y']);
  });
});
