import { expect } from 'chai';
import { makeCertificates } from './make-certificates.ts';
import type { MadeCertificates } from './make-certificates.ts';
import { authoritiesIn } from './pem.ts';
import { bundleData, bundleFrom, findBundleProblem, hostsIn } from './serving-bundle.ts';
import type { ServingBundle } from './serving-bundle.ts';

const HOSTS = ['localhost', '127.0.0.1', '::1', 'mooring-mutating-webhook.mooring-system.svc'];
const NOW_MS = Date.parse('2026-08-21T10:00:00Z');
const DAY_MS = 86_400_000;

describe('a serving bundle', () => {
  let made: MadeCertificates;
  let other: MadeCertificates;
  let bundle: ServingBundle;
  before(async () => {
    made = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    other = await makeCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    bundle = { ...made, trust: authoritiesIn(made.caCertificate) };
  });

  it('serves for every host at once, to the end, and on clocks that are behind', () => {
    expect(findBundleProblem(bundle, HOSTS, NOW_MS)).to.equal(undefined);
    expect(findBundleProblem(bundle, HOSTS, NOW_MS - 3_500_000)).to.equal(undefined);
    expect(findBundleProblem(bundle, HOSTS, NOW_MS + DAY_MS - 1_000)).to.equal(undefined);
  });

  it('serves when its authority is one of several of the same name', () => {
    const trust = authoritiesIn(other.caCertificate + made.caCertificate);
    expect(trust).to.have.length(2);
    expect(findBundleProblem({ ...bundle, trust }, HOSTS, NOW_MS)).to.equal(undefined);
  });

  it('survives the way through a Secret, with every authority in its order', () => {
    const whole = { ...bundle, trust: authoritiesIn(other.caCertificate + made.caCertificate) };
    const read = bundleFrom(bundleData(whole));
    expect(read).to.include({ certificate: made.certificate, key: made.key });
    expect(read.trust.map(String)).to.deep.equal(whole.trust.map(String));
  });

  const problems: readonly [string, () => string | undefined, string][] = [
    ['an expired one', () => findBundleProblem(bundle, HOSTS, NOW_MS + DAY_MS), 'it has expired'],
    ['one of the future', () => findBundleProblem(bundle, HOSTS, NOW_MS - DAY_MS), 'it is not valid yet'],
    ['a missing host', () => findBundleProblem(bundle, ['a.example'], NOW_MS), "it does not name the host 'a.example'"],
    [
      'a missing address',
      () => findBundleProblem(bundle, ['10.0.0.1'], NOW_MS),
      "it does not name the host '10.0.0.1'",
    ],
    [
      'another key',
      () => findBundleProblem({ ...bundle, key: other.key }, [], NOW_MS),
      'its key does not belong to its certificate',
    ],
    [
      'another authority',
      () => findBundleProblem({ ...bundle, trust: authoritiesIn(other.caCertificate) }, [], NOW_MS),
      'its certificate was not signed by an authority in its ca.crt',
    ],
    ['garbage', () => findBundleProblem({ ...bundle, certificate: 'x' }, [], NOW_MS), 'it cannot be parsed'],
    ['a garbled key', () => findBundleProblem({ ...bundle, key: 'x' }, [], NOW_MS), 'it cannot be parsed'],
    ['an empty Secret', () => findBundleProblem(bundleFrom(null), [], NOW_MS), 'it is incomplete'],
    ['no Secret', () => findBundleProblem(bundleFrom(undefined), [], NOW_MS), 'it is incomplete'],
  ];
  for (const [name, find, problem] of problems) {
    it(`finds ${name}`, () => expect(find()).to.equal(problem));
  }

  it('tells its hosts, and none of garbage', () => {
    expect(hostsIn(made.certificate)).to.include.members(['localhost', '127.0.0.1']);
    expect(hostsIn('x')).to.deep.equal([]);
  });

  it('takes as authorities only certificates that may sign, each once', () => {
    const text = `x${made.caCertificate}${made.certificate}${made.caCertificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`;
    expect(authoritiesIn(text).map(String)).to.deep.equal(authoritiesIn(made.caCertificate).map(String));
  });
});
