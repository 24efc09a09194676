import { expect } from 'chai';
import fc from 'fast-check';
import { StringPool } from './string-pool.ts';

describe('StringPool', () => {
  it('changes no value, whatever the object', () => {
    fc.assert(
      fc.property(fc.array(fc.object({ maxDepth: 4 })), (objects) => {
        const pool = new StringPool();
        for (const object of objects) {
          const before = structuredClone(object);
          pool.share(object);
          expect(object).to.deep.equal(before);
        }
      }),
    );
  });

  it('takes very many different texts, frozen objects and cycles', () => {
    const pool = new StringPool();
    for (let i = 0; i < 20_000; i++)
      pool.share({ name: `a name of its own ${i}`, labels: { [`key-${i % 2_000}`]: `some longer value ${i % 7}` } });
    const frozen = Object.freeze({ text: 'twelve letters' });
    const cycle: { self?: object; text: string } = { text: 'twelve letters' };
    cycle.self = cycle;
    pool.share({ frozen, cycle });
    expect(frozen.text).to.equal('twelve letters');
  });
});
