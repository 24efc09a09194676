import { FINALIZER, resources } from '@mooring/api';
import { expect } from 'chai';
import { ManualClock } from './clock.ts';
import { KubeClient } from './kube-client.ts';
import { releaseFinalizers, type ReleasedFinalizers } from './release-finalizers.ts';
import { ScriptedServer } from './scripted-server.ts';

const NAMES = ['a', 'b'];

describe('releaseFinalizers', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  /** Finalizers of each object. */
  let held: Map<string, string[]>;
  /** What the server does with a patch of an object. */
  let patch: (name: string) => void;
  let lists: number;

  beforeEach(async () => {
    held = new Map(NAMES.map((name) => [name, ['example.com/other', FINALIZER]]));
    patch = (name) => held.set(name, ['example.com/other']);
    lists = 0;
    server = await ScriptedServer.start((call) => {
      const { method, path } = call;
      const objectOf = (name: string) => ({
        metadata: { name, namespace: 'n', uid: name, finalizers: held.get(name) },
      });
      if (method === 'GET') {
        lists += 1;
        call.json({ metadata: { resourceVersion: '1' }, items: NAMES.map(objectOf) });
        return;
      }
      const name = path.split('/').at(-1) ?? '';
      patch(name);
      call.json(objectOf(name));
    });
    client = KubeClient.fromConnection(server.connection, {});
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  /** With a clock that stands still: time is up after the first round where so little is given. */
  const release = (timeoutMs: number): Promise<ReleasedFinalizers> =>
    releaseFinalizers({
      client,
      types: [resources.recurringJobs],
      namespace: 'n',
      timeoutMs,
      clock: new ManualClock(),
    });

  it('takes ours off, leaves those of others, and looks once more', async () => {
    expect(await release(60_000)).to.deep.equal({ releasedCount: 2, left: [] });
    expect([...held.values()]).to.deep.equal([['example.com/other'], ['example.com/other']]);
    expect(lists).to.equal(2);
  });

  it('looks once more also when time is up', async () => {
    expect(await release(1_000)).to.deep.equal({ releasedCount: 2, left: [], error: undefined });
    expect(lists).to.equal(2);
  });

  it('says what is left when somebody puts it back until time is up', async () => {
    patch = () => undefined;
    expect(await release(1_000)).to.deep.equal({
      releasedCount: 2,
      left: ["recurringjobs 'a'", "recurringjobs 'b'"],
      error: undefined,
    });
  });

  it('does not say that nothing is left when it could not look any more', async () => {
    patch = (name) => {
      held.delete(name);
      if (held.size === 0) server.script = (call) => call.json({ kind: 'Status', code: 500 }, 500);
    };
    const { releasedCount, left, error } = await release(1_000);
    expect({ releasedCount, left }).to.deep.equal({ releasedCount: 2, left: ['recurringjobs'] });
    expect(error).to.be.instanceOf(Error);
  });
});
