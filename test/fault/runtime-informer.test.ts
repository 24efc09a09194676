import { randomBytes } from 'node:crypto';
import {
  eventually,
  sharedControlPlane,
  startApiProxy,
  temporaryFolder,
  testNamespace,
  type ApiProxy,
} from '@mooring/testing';
import { coreResources, createInformer, KubeClient, type Change, type Informer, type Metrics } from '@mooring/runtime';
import { ManualClock } from '@mooring/runtime/clock';
import { expect } from 'chai';

interface ConfigMap {
  metadata: { name: string; namespace?: string; resourceVersion?: string };
  data?: Record<string, string>;
}

/** Counts restarts by reason. */
function countRestarts(): { metrics: Metrics; restarts: Record<string, number>; lists: () => number } {
  const restarts: Record<string, number> = {};
  let lists = 0;
  const metrics: Metrics = {
    counter: (name) => ({
      add: (value, labels) => {
        if (name === 'mooring_informer_lists_total') lists += value;
        if (name === 'mooring_informer_restarts_total') {
          const reason = labels?.['reason'] ?? '';
          restarts[reason] = (restarts[reason] ?? 0) + value;
        }
      },
    }),
    gauge: () => ({ set: () => undefined }),
    histogram: () => ({ record: () => undefined }),
  };
  return { metrics, restarts, lists: () => lists };
}

describe('Informer behind a misbehaving network', function () {
  this.timeout(120_000);

  let proxy: ApiProxy;
  let direct: KubeClient;
  let namespace: string;
  const open: { informer: Informer<ConfigMap>; client: KubeClient }[] = [];

  beforeEach(async () => {
    const plane = await sharedControlPlane();
    direct = plane.kube;
    namespace = (await testNamespace('informer')).name;
    proxy = await startApiProxy(plane, { folder: await temporaryFolder('informer') });
    // kube-controller-manager's own object would come at a time of its own
    await eventually(() => direct.get(coreResources.configMaps, { namespace, name: 'kube-root-ca.crt' }));
  });

  afterEach(async () => {
    for (const { informer, client } of open.splice(0)) {
      await informer.stop();
      client.close();
    }
    await proxy.stop();
    await direct.delete(coreResources.namespaces, { name: namespace });
  });

  const create = (name: string): Promise<unknown> =>
    direct.create(coreResources.configMaps, { metadata: { namespace, name }, data: { name } });
  const remove = (name: string): Promise<void> => direct.delete(coreResources.configMaps, { namespace, name });

  async function watchThroughProxy(clock?: ManualClock) {
    const counts = countRestarts();
    const changes: string[] = [];
    const client = await KubeClient.fromKubeconfig(proxy.kubeconfig, clock === undefined ? {} : { clock });
    const informer = createInformer<ConfigMap>({
      client,
      type: coreResources.configMaps,
      namespace,
      clock,
      metrics: counts.metrics,
      random: () => 0,
      onChange: (change: Change<ConfigMap>) => changes.push(`${change.type} ${change.key.split('/')[1] ?? ''}`),
    });
    open.push({ informer, client });
    informer.start();
    return { informer, changes, ...counts };
  }

  const has = (informer: Informer<ConfigMap>, name: string): boolean => informer.get(namespace, name) !== undefined;

  it('sees what changed while its connections were cut, without listing again', async () => {
    const { informer, restarts, lists } = await watchThroughProxy();
    await informer.whenSynced();
    await eventually(() => informer.freshness().connected);
    await proxy.refuse();
    await create('during-the-cut');
    await remove('kube-root-ca.crt');
    await proxy.listen();
    await eventually(() => has(informer, 'during-the-cut'));
    expect(lists()).to.equal(1);
    expect(restarts['Unreachable']).to.be.greaterThan(0);
  });

  it('notices a watch that fell silent after 75 seconds and goes on', async () => {
    const clock = new ManualClock();
    const { informer, restarts, lists } = await watchThroughProxy(clock);
    await informer.whenSynced();
    await eventually(() => informer.freshness().connected);
    proxy.freeze();
    await create('unseen');
    await clock.advance(74_000);
    expect(restarts['Stalled'] ?? 0).to.equal(0);
    await clock.advance(2_000);
    await eventually(() => restarts['Stalled'] === 1);
    // Silence alone is no failure; how long it has lasted is there for whoever must not guess.
    expect(informer.freshness().connected).to.equal(true);
    expect(informer.freshness().ageMs).to.be.within(75_000, 77_000);
    proxy.thaw();
    proxy.cut();
    await eventually(async () => {
      await clock.advance(1_000);
      return has(informer, 'unseen');
    });
    expect(lists()).to.equal(1);
  });

  it('lists again when its version has expired, and sees what was deleted meanwhile', async () => {
    await create('short-lived');
    const { informer, changes, restarts, lists } = await watchThroughProxy();
    await informer.whenSynced();
    await eventually(() => informer.freshness().connected);
    proxy.expireWatches(1);
    await proxy.refuse();
    await remove('short-lived');
    await create('newcomer');
    await proxy.listen();
    await eventually(() => has(informer, 'newcomer') && !has(informer, 'short-lived'));
    expect(restarts['Expired']).to.equal(1);
    expect(lists()).to.equal(2);
    expect(changes).to.include('deleted short-lived');
    expect(changes.filter((change) => change === 'added kube-root-ca.crt')).to.have.length(1);
  });

  it('goes on from the last good event after garbage in the stream', async () => {
    const clock = new ManualClock();
    const { informer, restarts, lists } = await watchThroughProxy(clock);
    await informer.whenSynced();
    await eventually(() => informer.freshness().connected);
    proxy.add(
      { kind: 'answer', status: 200, body: '{"type":"ADDED","object":{"metadata":{"na\u0000}}\n<html>' },
      { when: ({ operation }) => operation === 'WATCH', times: 2 },
    );
    proxy.cut();
    await create('after-the-garbage');
    await eventually(async () => {
      await clock.advance(1_000);
      return has(informer, 'after-the-garbage');
    });
    expect(restarts['Malformed']).to.equal(2);
    expect(lists()).to.equal(1);
  });

  it('drops an event that was cut in the middle and gets it again', async () => {
    const clock = new ManualClock();
    const { informer, changes } = await watchThroughProxy(clock);
    await informer.whenSynced();
    proxy.truncate(40, { when: ({ operation }) => operation === 'WATCH', times: 1 });
    proxy.cut();
    await create('cut-in-half');
    await eventually(async () => {
      await clock.advance(1_000);
      return has(informer, 'cut-in-half');
    });
    expect(changes.filter((change) => change === 'added cut-in-half')).to.have.length(1);
  });

  it('never publishes a list of which a later page failed', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `page-${i}-${randomBytes(2).toString('hex')}`);
    for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map(create));
    const clock = new ManualClock();
    const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'the continue token is too old' };
    const isSecondPage = ({ url }: { url: string }): boolean => url.includes('continue=');
    proxy.failNext(2, { status: 410, body: JSON.stringify(gone), when: isSecondPage });
    const { informer, lists } = await watchThroughProxy(clock);
    await eventually(() => (proxy.counts()['LIST'] ?? 0) >= 2);
    expect(informer.hasSynced).to.equal(false);
    expect(informer.size).to.equal(0);
    await eventually(async () => {
      await clock.advance(1_000);
      return informer.hasSynced;
    });
    expect(informer.size).to.equal(601);
    expect(lists()).to.equal(1);
  });

  it('backs off while the server answers 500, and comes back by itself', async () => {
    const clock = new ManualClock();
    const stopFailing = proxy.add({ kind: 'answer', status: 500, body: 'no Status at all' });
    const { informer } = await watchThroughProxy(clock);
    await passSeconds(clock, 120);
    // 0.8 + 1.6 + 3.2 + 6.4 + 12.8 + 25.6 + 30 + 30 s: eight pauses in two minutes
    expect(proxy.counts()['LIST']).to.be.within(3, 10);
    expect(informer.hasSynced).to.equal(false);
    stopFailing();
    await eventually(async () => {
      await clock.advance(1_000);
      return informer.hasSynced;
    });
  });

  it('does not hurry a server that closes every watch at once', async () => {
    const clock = new ManualClock();
    proxy.add({ kind: 'answer', status: 200, body: '' }, { when: ({ operation }) => operation === 'WATCH' });
    const { informer } = await watchThroughProxy(clock);
    await informer.whenSynced();
    await passSeconds(clock, 60);
    expect(proxy.counts()['WATCH']).to.be.within(2, 8);
  });

  it('gives up on a list that is never answered, and asks again', async () => {
    const clock = new ManualClock();
    proxy.hang({ when: ({ operation }) => operation === 'LIST', times: 1 });
    const { informer, restarts } = await watchThroughProxy(clock);
    await eventually(async () => {
      await clock.advance(1_000);
      return informer.hasSynced;
    });
    expect(restarts['Timeout']).to.equal(1);
  });

  it('lists again after some hours, unasked, and finds nothing that the watch had not told', async () => {
    const clock = new ManualClock();
    const { informer, lists, changes } = await watchThroughProxy(clock);
    await informer.whenSynced();
    await eventually(() => informer.freshness().connected);
    proxy.freeze();
    await clock.advance(8 * 3_600_000);
    proxy.thaw();
    proxy.add({ kind: 'answer', status: 200, body: '' }, { when: ({ operation }) => operation === 'WATCH', times: 1 });
    await eventually(async () => {
      await clock.advance(1_000);
      return lists() === 2;
    });
    expect(changes).to.have.length(1);
  });

  it('waits for pages that come slowly', async () => {
    proxy.setDelayMs(300);
    const { informer } = await watchThroughProxy();
    await informer.whenSynced();
    expect(has(informer, 'kube-root-ca.crt')).to.equal(true);
  });
});

/** Lets injected time pass in seconds, with time for real requests in between. */
async function passSeconds(clock: ManualClock, seconds: number): Promise<void> {
  let passed = 0;
  await eventually(
    async () => {
      await clock.advance(1_000);
      return ++passed === seconds;
    },
    { intervalMs: 2, timeoutMs: 60_000 },
  );
}
