import { eventually } from '@mooring/testing';
import { expect } from 'chai';
import { ManualClock } from './clock.ts';
import { coreResources } from './core-resources.ts';
import { createInformer, keyOf, splitKey, type Change, type Informer, type InformerOptions } from './informer.ts';
import { KubeClient } from './kube-client.ts';
import { ScriptedServer, type ScriptedCall } from './scripted-server.ts';

interface Thing {
  apiVersion?: string;
  kind?: string;
  metadata: { name: string; namespace?: string; resourceVersion?: string; managedFields?: object[] };
  data?: Record<string, string>;
}

const thing = (name: string, resourceVersion: string, data: Record<string, string> = {}): Thing => ({
  metadata: { name, namespace: 'ns', resourceVersion, managedFields: [{}] },
  data,
});

describe('Informer', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let clock: ManualClock;
  let watch: ScriptedCall | undefined;
  let items: Thing[];
  const informers: Informer<Thing>[] = [];

  beforeEach(async () => {
    items = [thing('a', '1'), thing('b', '2')];
    watch = undefined;
    clock = new ManualClock();
    server = await ScriptedServer.start((call) => {
      if (call.query.get('watch') === 'true') {
        watch = call;
        call.stream();
      } else call.json({ metadata: { resourceVersion: '10' }, items });
    });
    client = KubeClient.fromConnection(server.connection);
  });

  afterEach(async () => {
    await Promise.all(informers.splice(0).map((informer) => informer.stop()));
    client.close();
    await server.stop();
  });

  async function start(options: Partial<InformerOptions<Thing>> = {}) {
    const changes: string[] = [];
    const informer = createInformer<Thing>({
      client,
      type: coreResources.configMaps,
      clock,
      random: () => 0,
      onChange: (change: Change<Thing>) => changes.push(`${change.type} ${change.key}`),
      ...options,
    });
    informers.push(informer);
    informer.start();
    await informer.whenSynced();
    await until(() => watch !== undefined);
    return { informer, changes };
  }

  it('gives every object an apiVersion and a kind, and drops managedFields', async () => {
    const { informer } = await start();
    expect(informer.get('ns', 'a')).to.deep.equal({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'ns', resourceVersion: '1' },
      data: {},
    });
    expect([...informer.keys()]).to.deep.equal(['ns/a', 'ns/b']);
  });

  it('tells of events once each, and not of the same version again', async () => {
    const { informer, changes } = await start();
    watch?.stream(
      { type: 'MODIFIED', object: thing('a', '11', { x: '1' }) },
      { type: 'MODIFIED', object: thing('a', '11', { x: '1' }) },
      { type: 'ADDED', object: thing('c', '12') },
      { type: 'DELETED', object: thing('b', '13') },
      { type: 'DELETED', object: thing('b', '13') },
    );
    await until(() => informer.getByKey('ns/b') === undefined);
    expect(changes).to.deep.equal(['added ns/a', 'added ns/b', 'updated ns/a', 'added ns/c', 'deleted ns/b']);
    expect(informer.size).to.equal(2);
  });

  it('keeps its indexes', async () => {
    const { informer } = await start({ indexers: { x: (object) => Object.values(object.data ?? {}) } });
    watch?.stream({ type: 'MODIFIED', object: thing('a', '11', { x: 'one' }) });
    await until(() => informer.countByIndex('x', 'one') === 1);
    expect(informer.byIndex('x', 'one').map(keyOf)).to.deep.equal(['ns/a']);
    expect(informer.byIndex('x', 'two')).to.deep.equal([]);
  });

  it('goes on when a handler or a transform throws', async () => {
    const { informer } = await start({
      onChange: () => {
        throw new Error('handler');
      },
      transform: (object) => {
        if (object.metadata.name === 'b') throw new Error('transform');
        return { metadata: object.metadata };
      },
    });
    watch?.stream({ type: 'ADDED', object: thing('c', '11', { gone: 'yes' }) });
    await until(() => informer.size === 3);
    expect(informer.get('ns', 'c')).to.deep.equal({ metadata: { name: 'c', namespace: 'ns', resourceVersion: '11' } });
    expect(informer.get('ns', 'b')).to.have.property('data');
  });

  it('keeps unchanged objects as they are when it lists again, and tells of the others', async () => {
    const { informer, changes } = await start();
    const before = informer.get('ns', 'a');
    items = [thing('a', '1'), thing('c', '20')];
    const first = watch;
    watch = undefined;
    first?.stream({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    await until(() => clock.pending === 1);
    await clock.advance(1_000);
    await until(() => watch !== undefined);
    expect(informer.get('ns', 'a')).to.equal(before);
    expect(changes.slice(2)).to.deep.equal(['deleted ns/b', 'added ns/c']);
  });

  it('says how fresh it is', async () => {
    const { informer } = await start();
    await until(() => informer.freshness().connected);
    await clock.advance(50_000);
    expect(informer.freshness()).to.include({ synced: true, connected: true, ageMs: 50_000 });
    watch?.stream({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '99' } } });
    await until(() => informer.freshness().ageMs === 0);
    const first = watch;
    watch = undefined;
    first?.response.end();
    await until(() => watch !== undefined);
    expect(server.calls.at(-1)).to.include('resourceVersion=99');
  });

  it('opens a watch that is silent again, from the same version, and is believed meanwhile', async () => {
    const own = KubeClient.fromConnection(server.connection, { clock });
    const { informer } = await start({ client: own });
    await until(() => informer.freshness().connected);
    const calls = server.calls.length;
    watch = undefined;
    await clock.advance(75_000);
    expect(informer.freshness()).to.include({ connected: true });
    await until(() => watch !== undefined && informer.freshness().ageMs === 0);
    expect(server.calls.slice(calls)).to.have.length(1);
    expect(server.calls.at(-1)).to.include('resourceVersion=10');
    own.close();
  });

  it('is neither synced nor fresh before its first list', () => {
    const informer = createInformer<Thing>({ client, type: coreResources.configMaps });
    expect(informer.freshness()).to.include({ synced: false, connected: false, ageMs: Infinity });
  });

  it('leaves no connection when it is stopped', async () => {
    const { informer } = await start();
    await informer.stop();
    await until(() => clock.pending === 0);
    client.close();
    await until(() => server.openConnections === 0);
  });
});

describe('keys', () => {
  it('are namespace/name, with an empty namespace for cluster-wide objects', () => {
    expect(keyOf({ metadata: { name: 'n', namespace: 'ns' } })).to.equal('ns/n');
    expect(keyOf({ metadata: { name: 'n' } })).to.equal('/n');
    expect(splitKey('ns/n')).to.deep.equal({ namespace: 'ns', name: 'n' });
    expect(splitKey('/n')).to.deep.equal({ namespace: undefined, name: 'n' });
  });
});

/** Waits for what happens on the other side of a socket. */
async function until(condition: () => boolean): Promise<void> {
  await eventually(condition, { intervalMs: 1 });
}
