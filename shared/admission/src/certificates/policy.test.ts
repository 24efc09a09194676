import { expect } from 'chai';
import { certificatePolicy, findLifetimeProblem } from './policy.ts';

describe('the certificate policy', () => {
  it('settles for ten seconds with lives of months, and for less with lives of seconds', () => {
    expect(certificatePolicy({ caLifetime: '8760h', leafLifetime: '2160h' })).to.deep.equal({
      caLifetimeMs: 8_760 * 3_600_000,
      leafLifetimeMs: 2_160 * 3_600_000,
      settleMs: 10_000,
      retireMs: 100_000,
    });
    expect(certificatePolicy({ caLifetime: '1m', leafLifetime: '6s' })).to.include({ settleMs: 300, retireMs: 3_000 });
  });

  const lifetimes: readonly [string, string, string | undefined][] = [
    ['8760h', '2160h', undefined],
    ['30s', '10s', undefined],
    ['29s', '10s', 'MOORING_CA_LIFETIME'],
    ['8760h', '0s', 'MOORING_LEAF_LIFETIME'],
  ];
  for (const [caLifetime, leafLifetime, variable] of lifetimes) {
    it(`${variable === undefined ? 'takes' : 'refuses'} ${caLifetime} and ${leafLifetime}`, () => {
      const problem = findLifetimeProblem({ caLifetime, leafLifetime });
      if (variable === undefined) expect(problem).to.equal(undefined);
      else expect(problem).to.include(variable).and.include(': set it to');
    });
  }
});
