import { expect } from 'chai';
import fc from 'fast-check';
import { formatIdentity, identify, isRunning, parseIdentity } from './process-identity.ts';

describe('process identity', () => {
  it('reads what it wrote', () => {
    const identities = fc.record(
      { pid: fc.integer({ min: 1, max: 4_194_304 }), startTicks: fc.nat().map(String) },
      { requiredKeys: ['pid'] },
    );
    fc.assert(
      fc.property(identities, (identity) => {
        expect(parseIdentity(formatIdentity(identity))).to.deep.equal(identity);
      }),
    );
  });

  it('takes nothing else for an identity', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const identity = parseIdentity(text);
        if (identity !== undefined) expect(formatIdentity(identity)).to.equal(text);
      }),
    );
  });

  it('sees that this process runs', () => {
    expect(isRunning(identify(process.pid))).to.equal(true);
  });

  it('is not fooled by another process with the same pid', () => {
    expect(isRunning({ pid: process.pid, startTicks: '1' })).to.equal(false);
  });
});
