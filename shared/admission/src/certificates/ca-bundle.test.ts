import type { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { caBundlePatch, trustedAuthorities } from './ca-bundle.ts';
import type { WebhookConfiguration } from './ca-bundle.ts';
import { makeCertificates } from './make-certificates.ts';
import { authoritiesIn, pemOf } from './pem.ts';

const NOW_MS = Date.parse('2026-08-21T10:00:00Z');

describe('the caBundle of a webhook configuration', () => {
  let first: X509Certificate[];
  let second: X509Certificate[];
  before(async () => {
    first = authoritiesIn((await makeCertificates({ hosts: ['a'], nowMs: NOW_MS })).caCertificate);
    second = authoritiesIn((await makeCertificates({ hosts: ['a'], nowMs: NOW_MS })).caCertificate);
  });

  const encode = (authorities: X509Certificate[]): string => Buffer.from(pemOf(authorities)).toString('base64');
  const configuration = (...bundles: (string | undefined)[]): WebhookConfiguration => ({
    metadata: { name: 'c' },
    webhooks: bundles.map((caBundle, index) => ({
      name: `w${String(index)}`,
      clientConfig: caBundle === undefined ? {} : { caBundle },
    })),
  });
  const patch = (bundle: string | undefined, wanted: X509Certificate[], mayRetire = false): string | undefined =>
    caBundlePatch(configuration(bundle), { wanted, mayRetire, nowMs: NOW_MS })[1]?.value;

  it('is written where it is absent, empty or garbage, guarded by the name', () => {
    const given = configuration(encode(first), undefined, '', Buffer.from('garbage').toString('base64'));
    const guarded = [1, 2, 3].flatMap((index) => [
      { op: 'test', path: `/webhooks/${String(index)}/name`, value: `w${String(index)}` },
      { op: 'add', path: `/webhooks/${String(index)}/clientConfig/caBundle`, value: encode(first) },
    ]);
    expect(caBundlePatch(given, { wanted: first, mayRetire: false, nowMs: NOW_MS })).to.deep.equal(guarded);
  });

  it('is left alone when all is well, in whatever order, and when there is no webhook', () => {
    const both = [...first, ...second];
    expect(patch(encode(both), both)).to.equal(undefined);
    expect(patch(encode(both.toReversed()), both)).to.equal(undefined);
    expect(caBundlePatch({ metadata: { name: 'c' } }, { wanted: first, mayRetire: true, nowMs: NOW_MS })).to.deep.equal(
      [],
    );
  });

  it('gets a new authority beside the old one, and loses the old one only when it may', () => {
    expect(patch(encode(first), second)).to.equal(encode([...second, ...first]));
    expect(patch(encode([...first, ...second]), second)).to.equal(undefined);
    expect(patch(encode([...first, ...second]), second, true)).to.equal(encode(second));
  });

  it('does not keep what has expired', () => {
    const late = { wanted: second, mayRetire: false, nowMs: NOW_MS + 200 * 86_400_000 };
    expect(caBundlePatch(configuration(encode([...first, ...second])), late)[1]?.value).to.equal(encode(second));
  });

  it('trusts what every webhook of it trusts', () => {
    const given = configuration(encode([...first, ...second]), encode(second));
    expect(trustedAuthorities(given).map(String)).to.deep.equal(second.map(String));
    expect(trustedAuthorities({ metadata: { name: 'c' } })).to.deep.equal([]);
  });
});
