import { expect } from 'chai';
import { canSign, findBundleProblem, fromSecretData, toSecretData } from './bundle.ts';
import type { CertificateBundle } from './bundle.ts';
import { caBundlePatch } from './ca-bundle.ts';
import { issueCertificates } from './issue.ts';

const HOSTS = ['localhost', '127.0.0.1', '::1', 'mooring-mutating-webhook.mooring-system.svc'];
const NOW_MS = Date.parse('2026-08-21T10:00:00Z');
const YEAR_MS = 365 * 86_400_000;

describe('certificates', () => {
  let bundle: CertificateBundle;
  let other: CertificateBundle;
  before(async () => {
    bundle = await issueCertificates({ hosts: HOSTS, nowMs: NOW_MS });
    other = await issueCertificates({ hosts: HOSTS, nowMs: NOW_MS });
  });

  it('issues a pair that serves for every host at once and for a year', () => {
    expect(findBundleProblem(bundle, HOSTS, NOW_MS)).to.equal(undefined);
    expect(findBundleProblem(bundle, HOSTS, NOW_MS - 60_000)).to.equal(undefined);
    expect(findBundleProblem(bundle, HOSTS, NOW_MS + YEAR_MS - 1_000)).to.equal(undefined);
  });

  it('survives the way through a Secret', () => {
    expect(fromSecretData(toSecretData(bundle))).to.deep.equal(bundle);
  });

  const problems: readonly [string, () => string | undefined, string][] = [
    ['an expired one', () => findBundleProblem(bundle, HOSTS, NOW_MS + YEAR_MS), 'it has expired'],
    ['one of the future', () => findBundleProblem(bundle, HOSTS, NOW_MS - YEAR_MS), 'it is not valid yet'],
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
      () => findBundleProblem({ ...bundle, caCertificate: other.caCertificate }, [], NOW_MS),
      'its certificate was not signed by its ca.crt',
    ],
    ['garbage', () => findBundleProblem({ ...bundle, certificate: 'x' }, [], NOW_MS), 'it cannot be parsed'],
  ];
  for (const [name, find, problem] of problems) {
    it(`finds ${name}`, () => expect(find()).to.equal(problem));
  }

  it('renews a certificate under the same authority, so that trust need not change', async () => {
    expect(canSign(bundle, NOW_MS)).to.equal(true);
    const renewed = await issueCertificates({ hosts: ['new.example'], nowMs: NOW_MS + YEAR_MS, authority: bundle });
    expect(renewed.caCertificate).to.equal(bundle.caCertificate);
    expect(renewed.certificate).to.not.equal(bundle.certificate);
    expect(findBundleProblem(renewed, ['new.example'], NOW_MS + YEAR_MS)).to.equal(undefined);
  });

  it('signs nothing with an authority that has no key, another key, or less than a year left', () => {
    expect(canSign({ ...bundle, caKey: '' }, NOW_MS)).to.equal(false);
    expect(canSign({ ...bundle, caKey: other.caKey }, NOW_MS)).to.equal(false);
    expect(canSign(bundle, NOW_MS + 9.5 * YEAR_MS)).to.equal(false);
  });

  it('reads nothing from a Secret that lacks a serving part, and does without ca.key', () => {
    expect(fromSecretData(undefined)).to.equal(undefined);
    expect(fromSecretData(null)).to.equal(undefined);
    const { 'tls.key': _key, ...withoutKey } = toSecretData(bundle);
    expect(fromSecretData(withoutKey)).to.equal(undefined);
    const { 'ca.key': _caKey, ...withoutCaKey } = toSecretData(bundle);
    expect(fromSecretData(withoutCaKey)?.caKey).to.equal('');
  });
});

describe('caBundlePatch', () => {
  const caBundle = Buffer.from('PEM').toString('base64');

  it('writes the CA where it is absent or different, guarded by the name', () => {
    const configuration = {
      metadata: { name: 'c' },
      webhooks: [
        { name: 'good', clientConfig: { caBundle } },
        { name: 'none', clientConfig: {} },
        { name: 'old', clientConfig: { caBundle: 'b2xk' } },
      ],
    };
    expect(caBundlePatch(configuration, 'PEM')).to.deep.equal([
      { op: 'test', path: '/webhooks/1/name', value: 'none' },
      { op: 'add', path: '/webhooks/1/clientConfig/caBundle', value: caBundle },
      { op: 'test', path: '/webhooks/2/name', value: 'old' },
      { op: 'add', path: '/webhooks/2/clientConfig/caBundle', value: caBundle },
    ]);
  });

  it('writes nothing when all is well or there is no webhook', () => {
    expect(caBundlePatch({ metadata: { name: 'c' } }, 'PEM')).to.deep.equal([]);
    expect(
      caBundlePatch({ metadata: { name: 'c' }, webhooks: [{ name: 'a', clientConfig: { caBundle } }] }, 'PEM'),
    ).to.deep.equal([]);
  });
});
