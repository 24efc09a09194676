import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { untilUsed } from '../integration/admission-cluster.ts';
import { CA, Secrets, TLS, WEBHOOKS, fingerprints, servedBy, startLoad, trustedBy } from './certificates-setup.ts';
import { prepareFleet } from './webhook-process.ts';
import type { Fleet } from './webhook-process.ts';

/** Lives of seconds: the certificate is renewed after about 15 s, the authority followed after about 45. */
const LIFETIMES = { MOORING_CA_LIFETIME: '72s', MOORING_LEAF_LIFETIME: '24s' };

describe('two replicas of each webhook under load', function () {
  this.timeout(120_000);
  let fleet: Fleet;
  let secrets: Secrets;

  before(async () => {
    fleet = await prepareFleet(LIFETIMES);
    secrets = new Secrets(fleet.cluster.admin);
    for (const replica of fleet.replicas) replica.start();
    await Promise.all(fleet.replicas.map((replica) => replica.untilReady()));
    await untilUsed(fleet.cluster);
  });
  after(() => fleet.stop());

  it('make one certificate, though all started in the same instant', async () => {
    const [served, ...others] = await Promise.all(fleet.replicas.map(({ port }) => servedBy(port)));
    for (const other of others) expect(other).to.equal(served);
  });

  it('refuse no review while the certificate and its authority are followed and replicas are restarted', async () => {
    const { 'tls.crt': firstAuthority = '' } = await secrets.read(CA);
    const load = startLoad(fleet.cluster);
    try {
      for (const replica of fleet.replicas) {
        expect(await replica.end('SIGTERM')).to.equal(0);
        replica.start();
        await replica.untilReady();
      }
      const nextAuthority = await eventually(
        async () => {
          const { 'tls.crt': authority = '' } = await secrets.read(CA);
          return authority === firstAuthority ? false : authority;
        },
        { timeoutMs: 60_000, what: 'the authority is followed' },
      );
      const isOfNext = async (): Promise<boolean> => {
        const { 'ca.crt': trust = '' } = await secrets.read(TLS);
        return fingerprints(trust)[0] === fingerprints(nextAuthority)[0];
      };
      await eventually(isOfNext, { timeoutMs: 30_000, what: 'the next authority has signed' });
      for (const { port } of fleet.replicas) {
        await eventually(async () => {
          const { 'tls.crt': certificate = '' } = await secrets.read(TLS);
          return (await servedBy(port)) === fingerprints(certificate)[0];
        });
      }
      const reached = load.reviews();
      await eventually(() => load.reviews() > reached + 50);
    } finally {
      const { refusals } = await load.stop();
      expect(refusals).to.deep.equal([]);
    }
    for (const name of WEBHOOKS) {
      const { 'tls.crt': authority = '' } = await secrets.read(CA);
      expect(await trustedBy(fleet.cluster.admin, name)).to.include.members(fingerprints(authority));
    }
  });
});

describe('the webhooks, killed together', function () {
  this.timeout(120_000);
  let fleet: Fleet;

  before(async () => {
    fleet = await prepareFleet();
    for (const replica of fleet.replicas) replica.start();
    await Promise.all(fleet.replicas.map((replica) => replica.untilReady()));
  });
  after(() => fleet.stop());
  beforeEach(() => Promise.all(fleet.replicas.map((replica) => replica.end('SIGKILL'))));

  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
  ]) {
    it(`recover by themselves in the order ${order.join(', ')}`, async () => {
      for (const index of order) {
        const replica = fleet.replicas[index];
        replica?.start();
        // None waits for another: each is ready before the next begins.
        await replica?.untilReady();
      }
      await untilUsed(fleet.cluster);
    });
  }

  it('recover by themselves when one of them died holding the Lease, and the certificate is gone', async () => {
    const spec = {
      holderIdentity: 'dead',
      leaseDurationSeconds: 1,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    };
    await fleet.cluster.admin.request({
      method: 'PATCH',
      path: '/apis/coordination.k8s.io/v1/namespaces/mooring-system/leases/mooring-webhook-certificates',
      contentType: 'application/merge-patch+json',
      body: { spec },
    });
    await new Secrets(fleet.cluster.admin).delete(TLS);
    for (const replica of fleet.replicas) replica.start();
    await Promise.all(fleet.replicas.map((replica) => replica.untilReady()));
    await untilUsed(fleet.cluster);
  });

  it('recover by themselves when both Secrets are gone meanwhile', async () => {
    const secrets = new Secrets(fleet.cluster.admin);
    await Promise.all([secrets.delete(TLS), secrets.delete(CA)]);
    for (const replica of fleet.replicas) replica.start();
    await Promise.all(fleet.replicas.map((replica) => replica.untilReady()));
    await untilUsed(fleet.cluster);
  });
});
