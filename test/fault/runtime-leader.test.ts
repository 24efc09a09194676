import {
  eventually,
  sharedControlPlane,
  startApiProxy,
  temporaryFolder,
  testNamespace,
  type ApiProxy,
} from '@mooring/testing';
import { coreResources, KubeClient, LeaderElector, LeaseLost } from '@mooring/runtime';
import { ManualClock } from '@mooring/runtime/clock';
import { expect } from 'chai';

interface Lease {
  metadata: { name: string; namespace: string; resourceVersion: string };
  spec: { holderIdentity: string; renewTime: string; acquireTime: string; leaseTransitions: number };
}

describe('LeaderElector', function () {
  this.timeout(60_000);

  let kube: KubeClient;
  let namespace: string;
  let clock: ManualClock;
  const electors: LeaderElector[] = [];
  const cleanups: (() => Promise<void> | void)[] = [];

  beforeEach(async () => {
    kube = (await sharedControlPlane()).kube;
    namespace = (await testNamespace('leader')).name;
    clock = new ManualClock();
  });

  afterEach(async () => {
    await Promise.all(electors.splice(0).map((elector) => elector.stop()));
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await kube.delete(coreResources.namespaces, { name: namespace });
  });

  function elect(identity: string, client = kube) {
    const log: string[] = [];
    const elector = new LeaderElector({
      client,
      namespace,
      name: 'test',
      identity,
      clock,
      onStarted: () => log.push('started'),
      onLost: () => log.push('lost'),
    });
    electors.push(elector);
    elector.start();
    return { elector, log };
  }

  async function throughProxy(): Promise<{ proxy: ApiProxy; client: KubeClient }> {
    const proxy = await startApiProxy(await sharedControlPlane(), { folder: await temporaryFolder('leader') });
    const client = await KubeClient.fromKubeconfig(proxy.kubeconfig);
    cleanups.push(
      () => proxy.stop(),
      () => client.close(),
    );
    return { proxy, client };
  }

  const lease = (): Promise<Lease> => kube.get<Lease>(coreResources.leases, { namespace, name: 'test' });

  /** Lets injected time pass, slowly enough for real requests, until the lease is renewed. */
  async function nextRenewal(): Promise<void> {
    const before = (await lease()).spec.renewTime;
    await eventually(
      async () => {
        await clock.advance(200);
        return (await lease()).spec.renewTime !== before;
      },
      { what: 'the lease is renewed' },
    );
  }

  /** Lets injected time pass in steps of a second, none shorter than a real request takes, until `condition` holds; gives the seconds. */
  async function pass(condition: () => boolean, what: string): Promise<number> {
    let seconds = 0;
    await eventually(
      async () => {
        if (condition()) return true;
        await clock.advance(1_000);
        await kube.list(coreResources.leases, { namespace });
        seconds++;
        return condition();
      },
      { what, timeoutMs: 20_000 },
    );
    return seconds;
  }

  it('takes a free lease, with times that the API server accepts', async () => {
    const { elector, log } = elect('a');
    await eventually(() => elector.isLeader());
    expect(log).to.deep.equal(['started']);
    const { spec } = await lease();
    expect(spec.holderIdentity).to.equal('a');
    expect(spec.renewTime).to.match(/\.\d{6}Z$/);
    expect(spec.leaseTransitions).to.equal(0);
  });

  it('lets only one of two lead, and the other once the first released', async () => {
    const first = elect('a');
    await eventually(() => first.elector.isLeader());
    const second = elect('b');
    for (let renewals = 0; renewals < 12; renewals++) {
      await nextRenewal();
      expect((await lease()).spec.holderIdentity).to.equal('a');
      expect(second.elector.isLeader()).to.equal(false);
    }
    await first.elector.stop();
    expect((await lease()).spec.holderIdentity).to.equal('');
    await pass(() => second.elector.isLeader(), 'the second leads');
    expect((await lease()).spec.leaseTransitions).to.equal(1);
    expect(first.log).to.deep.equal(['started']);
  });

  it('gives the lease back when the answer to its claim comes only after the stop', async () => {
    const { elector, log } = elect('late');
    await elector.stop();
    expect((await lease()).spec.holderIdentity).to.equal('');
    expect(log).to.deep.equal([]);
  });

  it('withdraws as a candidate, not as the leader', async () => {
    const { elector: leader } = elect('a');
    await eventually(() => leader.isLeader());
    const { elector: candidate, log } = elect('b');
    await candidate.withdraw();
    await leader.withdraw();
    expect(leader.isLeader()).to.equal(true);
    await leader.stop();
    await clock.advance(60_000);
    expect((await lease()).spec.holderIdentity).to.equal('');
    expect(log).to.deep.equal([]);
  });

  it('waits the whole duration for a holder that died, whatever its timestamps say', async () => {
    const dead = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' };
    const object = { metadata: { namespace, name: 'test' }, spec: { ...dead, acquireTime: dead.renewTime } };
    await kube.create(coreResources.leases, object);
    const { elector } = elect('b');
    await eventually(async () => {
      await clock.advance(0);
      return elector.state === 'waiting';
    });
    const seconds = await pass(() => elector.isLeader(), 'the lease of the dead is taken');
    expect(seconds).to.be.within(14, 40);
  });

  it('takes its own lease at once after a restart', async () => {
    const spec = { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };
    await kube.create(coreResources.leases, { metadata: { namespace, name: 'test' }, spec });
    const { elector } = elect('me');
    await eventually(() => elector.isLeader());
    expect((await lease()).spec).to.not.have.property('leaseTransitions', 1);
  });

  it('gives up within the deadline when the API server is out of reach, before anyone else may lead', async () => {
    const { proxy, client } = await throughProxy();
    const cutOff = elect('a', client);
    await eventually(() => cutOff.elector.isLeader());
    const second = elect('b');
    await proxy.refuse();
    cleanups.push(() => proxy.listen());
    const order: string[] = [];
    await pass(() => {
      if (cutOff.elector.state === 'lost' && !order.includes('a lost')) order.push('a lost');
      if (second.elector.isLeader() && !order.includes('b leads')) order.push('b leads');
      return order.length === 2;
    }, 'the second leads after the first has lost');
    expect(order).to.deep.equal(['a lost', 'b leads']);
    expect(cutOff.log).to.deep.equal(['started', 'lost']);
  });

  it('loses at once when another process took the lease', async () => {
    const { elector, log } = elect('a');
    await eventually(() => elector.isLeader());
    const taken = await lease();
    await kube.replace(coreResources.leases, { ...taken, spec: { ...taken.spec, holderIdentity: 'thief' } });
    await pass(() => elector.state === 'lost', 'the lease is lost');
    expect(log).to.deep.equal(['started', 'lost']);
  });

  it('survives the deletion of its lease', async () => {
    const { elector, log } = elect('a');
    await eventually(() => elector.isLeader());
    await kube.delete(coreResources.leases, { namespace, name: 'test' });
    await eventually(async () => {
      await clock.advance(1_000);
      return (await lease()).spec.holderIdentity === 'a';
    });
    expect(elector.isLeader()).to.equal(true);
    expect(log).to.deep.equal(['started']);
  });

  it('rides out renewals that fail for a few seconds, also when the write got through', async () => {
    const { proxy, client } = await throughProxy();
    const { elector, log } = elect('a', client);
    await eventually(() => elector.isLeader());
    proxy.dieAfterWrite({ when: ({ operation }) => operation === 'UPDATE', times: 1 });
    proxy.failNext(1, { status: 500, when: ({ operation }) => operation === 'UPDATE' });
    for (let renewals = 0; renewals < 4; renewals++) await nextRenewal();
    expect(elector.isLeader()).to.equal(true);
    expect(log).to.deep.equal(['started']);
  });

  it('stops the writes of a process whose lease is lost', async () => {
    const { proxy, client } = await throughProxy();
    const { elector } = elect('a', client);
    await eventually(() => elector.isLeader());
    const writer = kube.fenced(elector);
    const write = (name: string): Promise<unknown> =>
      writer.create(coreResources.configMaps, { metadata: { namespace, name } });
    await write('while-leading');
    await proxy.refuse();
    cleanups.push(() => proxy.listen());
    await pass(() => !elector.isLeader(), 'the lease is lost');
    const error: unknown = await write('too-late').catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(LeaseLost);
    const found = await writer.list<{ metadata: { name: string } }>(coreResources.configMaps, { namespace });
    expect(found.items.map((item) => item.metadata.name)).to.not.include('too-late');
  });

  it('gives up a write on its way before another process may lead', async () => {
    const { proxy, client: slow } = await throughProxy();
    const { elector } = elect('a');
    await eventually(() => elector.isLeader());
    proxy.hang({ when: ({ operation }) => operation === 'CREATE' });
    const timed = await KubeClient.fromKubeconfig(proxy.kubeconfig, { clock });
    cleanups.push(() => timed.close());
    await elector.stop();
    let validMs = 4_000;
    const fence = { isLeader: () => true, validForMs: () => validMs };
    const writing = timed
      .fenced(fence)
      .create(coreResources.configMaps, { metadata: { namespace, name: 'late' } })
      .catch((reason: unknown) => reason);
    await eventually(() => (proxy.counts()['CREATE'] ?? 0) === 1);
    await clock.advance(4_000);
    expect(await writing).to.have.property('reason', 'Timeout');
    validMs = 0;
    const refused: unknown = await slow
      .fenced(fence)
      .delete(coreResources.configMaps, { namespace, name: 'late' })
      .catch((reason: unknown) => reason);
    expect(refused).to.be.instanceOf(LeaseLost);
  });
});
