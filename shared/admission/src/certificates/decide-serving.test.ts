import { expect } from 'chai';
import { servable, serveInMs } from './decide-serving.ts';
import type { ServableBundle } from './decide-serving.ts';
import { makeCertificates } from './make-certificates.ts';
import type { MadeCertificates } from './make-certificates.ts';
import { authoritiesIn } from './pem.ts';

const NOW_MS = Date.parse('2026-08-21T10:00:00Z');

function bundleOf(made: MadeCertificates): ServableBundle {
  const bundle = servable({ ...made, trust: authoritiesIn(made.caCertificate) });
  if (bundle === undefined) throw new Error('failed to read the bundle just made');
  return bundle;
}

describe('deciding when a certificate is served', () => {
  let old: ServableBundle;
  let renewed: ServableBundle;
  let other: ServableBundle;
  before(async () => {
    const made = await makeCertificates({ hosts: ['a'], nowMs: NOW_MS });
    const authority = { certificate: made.caCertificate, key: made.caKey };
    old = bundleOf(made);
    renewed = bundleOf(await makeCertificates({ hosts: ['a'], nowMs: NOW_MS, authority }));
    other = bundleOf(await makeCertificates({ hosts: ['a'], nowMs: NOW_MS }));
  });

  const decide = (
    candidate: ServableBundle,
    served: ServableBundle | undefined,
    { trustedForMs, nowMs = NOW_MS }: { trustedForMs?: number; nowMs?: number } = {},
  ): number | undefined => serveInMs({ candidate, served, trustedForMs, nowMs, settleMs: 1_000 });

  it('serves the first one at once: there is nothing to lose', () => {
    expect(decide(other, undefined)).to.equal(0);
  });

  it('serves a renewed one of the same authority at once: the API server trusts it already', () => {
    expect(decide(renewed, old)).to.equal(0);
  });

  it('goes on with the old one until the new authority has been trusted for long enough', () => {
    expect(decide(other, old)).to.equal(undefined);
    expect(decide(other, old, { trustedForMs: 0 })).to.equal(1_000);
    expect(decide(other, old, { trustedForMs: 999 })).to.equal(1);
    expect(decide(other, old, { trustedForMs: 1_000 })).to.equal(0);
  });

  it('waits for nothing when what it serves has expired', () => {
    expect(decide(other, old, { nowMs: old.notAfterMs })).to.equal(0);
  });

  it('does not know how to serve what none of its authorities signed', () => {
    expect(servable({ ...old, trust: other.trust })).to.equal(undefined);
  });
});
