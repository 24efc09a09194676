import { expect } from 'chai';
import { decideRenewal, decideWrites, trustFor } from './decide-renewal.ts';
import type { RenewalFacts, RenewalRules } from './decide-renewal.ts';
import { makeCertificates } from './make-certificates.ts';
import type { MadeCertificates } from './make-certificates.ts';
import { authoritiesIn } from './pem.ts';
import { certificatePolicy } from './policy.ts';
import type { ServingBundle } from './serving-bundle.ts';

const NOW_MS = Date.parse('2026-08-21T10:00:00Z');
const HOUR_MS = 3_600_000;
const HOSTS = ['a.example'];

function rules(changes: Partial<RenewalRules> = {}): RenewalRules {
  const policy = certificatePolicy({ caLifetime: '2400h', leafLifetime: '24h' });
  return { hosts: HOSTS, nowMs: NOW_MS, policy, jitter: 0, ...changes };
}

describe('deciding on the renewal of certificates', () => {
  let made: MadeCertificates;
  let bundle: ServingBundle;
  let facts: RenewalFacts;
  before(async () => {
    made = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    bundle = { ...made, trust: authoritiesIn(made.caCertificate) };
    facts = { bundle, hasAuthority: true, holdsAuthorityKey: false };
  });

  const reasons: readonly [string, () => RenewalFacts, () => RenewalRules, string | undefined][] = [
    ['nothing while all is well', () => facts, () => rules(), undefined],
    ['a certificate where there is none', () => ({ ...facts, bundle: undefined }), () => rules(), 'there is none'],
    [
      'an unusable certificate',
      () => ({ ...facts, bundle: { ...bundle, key: 'x' } }),
      () => rules(),
      'it cannot be parsed',
    ],
    [
      'a host that is missing',
      () => facts,
      () => rules({ hosts: ['b.example'] }),
      "it does not name the host 'b.example'",
    ],
    [
      'the key that a former release kept there',
      () => ({ ...facts, holdsAuthorityKey: true }),
      () => rules(),
      "it holds the authority's key",
    ],
    [
      "the authority's Secret",
      () => ({ ...facts, hasAuthority: false }),
      () => rules(),
      "the authority's Secret is gone",
    ],
    [
      'nothing before two thirds of its life',
      () => facts,
      () => rules({ nowMs: NOW_MS + 16 * HOUR_MS - 1 }),
      undefined,
    ],
    [
      'a certificate at two thirds of its life',
      () => facts,
      () => rules({ nowMs: NOW_MS + 16 * HOUR_MS }),
      'a third of its life is left',
    ],
    [
      'a certificate a little earlier in a process with jitter',
      () => facts,
      () => rules({ nowMs: NOW_MS + 16 * HOUR_MS - 1, jitter: 0.5 }),
      'a third of its life is left',
    ],
    [
      'a certificate on a clock ten minutes ahead, only ten minutes early',
      () => facts,
      () => rules({ nowMs: NOW_MS + 10 * 60_000 }),
      undefined,
    ],
  ];
  for (const [name, given, when, reason] of reasons) {
    it(`asks for ${name}`, () => expect(decideRenewal(given(), when()).reason).to.equal(reason));
  }

  it('knows when the next thing falls due', () => {
    expect(decideRenewal(facts, rules()).dueAtMs).to.equal(NOW_MS + 16 * HOUR_MS);
    expect(decideRenewal(facts, rules({ jitter: 1 })).dueAtMs).to.be.within(
      NOW_MS + 13 * HOUR_MS,
      NOW_MS + 14 * HOUR_MS,
    );
  });

  it('asks for the next authority at two thirds of its life, while the certificate is still fresh', async () => {
    const nowMs = NOW_MS + 1_600 * HOUR_MS;
    const authority = { certificate: made.caCertificate, key: made.caKey };
    const fresh = { ...(await makeCertificates({ hosts: HOSTS, nowMs, authority })), trust: bundle.trust };
    const late = rules({ nowMs });
    expect(decideRenewal({ ...facts, bundle: fresh }, late).reason).to.equal("a third of its authority's life is left");
    const plan = decideWrites({ bundle: fresh, authority, formerAuthority: undefined }, late);
    expect(plan).to.deep.equal({ authority: undefined, isLeafDue: false });
  });

  it('signs with the authority of the Secret, or the one of a former release, or a new one', async () => {
    const own = { certificate: made.caCertificate, key: made.caKey };
    const other = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    const former = { certificate: other.caCertificate, key: other.caKey };
    const garbled = { ...own, key: other.caKey };
    const choose = (authority: typeof own | undefined, formerAuthority: typeof own | undefined) =>
      decideWrites({ bundle, authority, formerAuthority }, rules()).authority;
    expect(choose(own, former)).to.equal(own);
    expect(choose(undefined, former)).to.equal(former);
    expect(choose(garbled, former)).to.equal(former);
    expect(choose({ certificate: 'x', key: 'x' }, undefined)).to.equal(undefined);
    expect(choose({ certificate: made.certificate, key: made.key }, undefined)).to.equal(undefined);
    expect(choose(undefined, undefined)).to.equal(undefined);
  });

  it('trusts who signed first, then who signs next, then all others until they expire', async () => {
    const next = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    const expired = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS - 3_000 * HOUR_MS });
    const old = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    const trust = trustFor({
      certificate: made.certificate,
      authority: { certificate: next.caCertificate, key: next.caKey },
      earlier: authoritiesIn(expired.caCertificate + old.caCertificate + made.caCertificate),
      nowMs: NOW_MS,
    });
    const names = [made, next, old].map((one) => one.caCertificate.trim());
    expect(trust.map((one) => one.toString().trim())).to.deep.equal(names);
  });
});
