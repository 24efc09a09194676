import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { makeCertificates } from '../../shared/admission/src/certificates/make-certificates.ts';
import { isReady, startWebhooks, untilUsed } from '../integration/admission-cluster.ts';
import type { RunningWebhooks } from '../integration/admission-cluster.ts';
import {
  CA,
  HOSTS,
  Secrets,
  TLS,
  WEBHOOKS,
  fingerprints,
  overwriteTrust,
  servedBy,
  startLoad,
  trustedBy,
} from './certificates-setup.ts';

const DAY_MS = 86_400_000;

describe('the certificate of the webhooks', function () {
  this.timeout(90_000);
  let webhooks: RunningWebhooks;
  let secrets: Secrets;

  before(async () => {
    // A short life makes the times short in which trust settles (1 s) and old authorities are kept (10 s).
    webhooks = await startWebhooks({ caLifetime: '3h', leafLifetime: '20s' });
    secrets = new Secrets(webhooks.cluster.admin);
  });
  after(() => webhooks.stop());

  /** Both webhooks serve what the Secret holds, the API server trusts it, and all is as it should be. */
  async function untilWell(): Promise<void> {
    await eventually(
      async () => {
        const [tls, ca] = [await secrets.read(TLS), await secrets.read(CA)];
        expect(Object.keys(tls)).to.have.members(['tls.crt', 'tls.key', 'ca.crt']);
        expect(fingerprints(tls['ca.crt'] ?? '')).to.include.members(fingerprints(ca['tls.crt'] ?? 'none'));
        for (const name of WEBHOOKS) {
          expect([await servedBy(webhooks[name].port ?? 0)]).to.deep.equal(fingerprints(tls['tls.crt'] ?? ''));
          const trusted = await trustedBy(webhooks.cluster.admin, name);
          expect(trusted).to.include.members(fingerprints(tls['ca.crt'] ?? ''));
        }
        expect(isReady(webhooks.mutating) && isReady(webhooks.validating)).to.equal(true);
      },
      { timeoutMs: 30_000, what: 'the certificates are well' },
    );
  }

  /** Does something to the Secrets under load, waits until all is well again, and expects that no review was refused. */
  async function unnoticed(spoil: () => Promise<unknown>): Promise<void> {
    await untilWell();
    await untilUsed(webhooks.cluster);
    const load = startLoad(webhooks.cluster);
    try {
      await eventually(() => load.reviews() > 10);
      await spoil();
      await untilWell();
      const reached = load.reviews();
      await eventually(() => load.reviews() > reached + 20);
    } finally {
      const { refusals } = await load.stop();
      expect(refusals).to.deep.equal([]);
    }
  }

  async function until(differs: (before: string) => Promise<boolean>, before: string | undefined): Promise<void> {
    await eventually(() => differs(before ?? ''), { timeoutMs: 30_000, what: 'it has been written anew' });
  }
  const isAnotherLeaf = async (before: string): Promise<boolean> =>
    ![before, undefined].includes((await secrets.read(TLS))['tls.crt']);
  const isAnotherAuthority = async (before: string): Promise<boolean> =>
    ![before, undefined].includes((await secrets.read(CA))['tls.crt']);

  it('is one, though both started in the same instant with none; its authority’s key is in the other Secret', async () => {
    await untilWell();
    expect(await secrets.read(CA)).to.have.keys(['tls.crt', 'tls.key']);
    const path = '/apis/coordination.k8s.io/v1/namespaces/mooring-system/leases/mooring-webhook-certificates';
    await eventually(async () => {
      const { spec } = await webhooks.cluster.admin.request<{ spec: { holderIdentity?: string } }>({ path });
      expect(spec.holderIdentity ?? '', 'the Lease is given back').to.equal('');
    });
  });

  it('is renewed by itself before it expires, unnoticed', async () => {
    await unnoticed(async () => until(isAnotherLeaf, (await secrets.read(TLS))['tls.crt']));
  });

  it('is made anew when its Secret is deleted, unnoticed', async () => {
    await unnoticed(async () => {
      const { 'tls.crt': before } = await secrets.read(TLS);
      await secrets.delete(TLS);
      await until(isAnotherLeaf, before);
    });
  });

  it('gets a new authority when that one’s Secret is deleted, unnoticed, and both are trusted', async () => {
    const { 'tls.crt': before = '' } = await secrets.read(CA);
    await unnoticed(async () => {
      await secrets.delete(CA);
      await until(isAnotherAuthority, before);
    });
    for (const name of WEBHOOKS) {
      const trusted = await trustedBy(webhooks.cluster.admin, name);
      expect(trusted).to.include.members(fingerprints(before));
      expect(trusted).to.have.length.above(1);
    }
  });

  it('is made anew with its authority when both Secrets are deleted, unnoticed, and the old authority goes', async () => {
    const { 'tls.crt': before = '' } = await secrets.read(CA);
    await unnoticed(async () => {
      await Promise.all([secrets.delete(CA), secrets.delete(TLS)]);
      await until(isAnotherAuthority, before);
    });
    for (const name of WEBHOOKS) {
      await eventually(
        async () => {
          const { 'tls.crt': now = '' } = await secrets.read(CA);
          expect(await trustedBy(webhooks.cluster.admin, name)).to.deep.equal(fingerprints(now));
        },
        { timeoutMs: 30_000, what: 'only the new authority is trusted' },
      );
    }
  });

  it('is made anew when its Secret holds garbage, unnoticed', async () => {
    await unnoticed(async () => {
      await secrets.write(TLS, { 'tls.crt': 'garbage', 'tls.key': 'garbage', 'ca.crt': 'garbage' });
      await until(isAnotherLeaf, 'garbage');
    });
  });

  it('is made anew when it has expired, unnoticed', async () => {
    const { 'tls.crt': certificate = '', 'tls.key': key = '' } = await secrets.read(CA);
    const nowMs = Date.now() - DAY_MS;
    const authority = { certificate, key };
    const expired = await makeCertificates({ hosts: HOSTS, nowMs, authority, lifetimeMs: 1_000 });
    await unnoticed(async () => {
      await secrets.write(TLS, { 'tls.crt': expired.certificate, 'tls.key': expired.key });
      await until(isAnotherLeaf, expired.certificate);
    });
  });

  it('gets a new authority when that one’s Secret holds garbage and something is to be signed, unnoticed', async () => {
    await secrets.write(CA, { 'tls.crt': 'garbage', 'tls.key': 'garbage' });
    await unnoticed(() => secrets.delete(TLS));
    expect(fingerprints((await secrets.read(CA))['tls.crt'] ?? '')).to.have.length(1);
  });

  it('follows a Secret that somebody else filled, unnoticed', async () => {
    const other = await makeCertificates({ hosts: HOSTS, nowMs: Date.now() });
    await unnoticed(async () => {
      const texts = { 'tls.crt': other.certificate, 'tls.key': other.key, 'ca.crt': other.caCertificate };
      await secrets.write(TLS, texts);
      for (const name of WEBHOOKS) {
        const served = fingerprints(other.certificate)[0];
        await eventually(async () => (await servedBy(webhooks[name].port ?? 0)) === served);
      }
      await secrets.delete(TLS);
    });
  });

  it('is taken over from the layout of the first release, with its authority, unnoticed', async () => {
    const former = await makeCertificates({ hosts: HOSTS, nowMs: Date.now() });
    await unnoticed(async () => {
      await secrets.delete(CA);
      await secrets.write(TLS, {
        'tls.crt': former.certificate,
        'tls.key': former.key,
        'ca.crt': former.caCertificate,
        'ca.key': former.caKey,
      });
    });
  });

  const overwrites: readonly [string, (() => Promise<string>) | undefined][] = [
    ['takes it away', undefined],
    ['puts another authority there', async () => (await makeCertificates({ hosts: HOSTS, nowMs: 0 })).caCertificate],
  ];
  for (const [what, make] of overwrites) {
    it(`is trusted again within seconds when somebody ${what}`, async () => {
      await untilWell();
      const pem = await make?.();
      await Promise.all(WEBHOOKS.map((name) => overwriteTrust(webhooks.cluster.admin, name, pem)));
      await untilWell();
      await untilUsed(webhooks.cluster);
    });
  }
});
