import { eventually } from '@mooring/testing';
import { expect } from 'chai';
import { KubeClient } from './kube-client.ts';
import { ScriptedServer, type ScriptedCall } from './scripted-server.ts';
import { readSecret, SecretCache } from './secrets.ts';

const COLLECTION = '/api/v1/namespaces/ns/secrets';

describe('SecretCache', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let cache: SecretCache;
  let watch: ScriptedCall | undefined;
  let changed: string[];
  /** What the API server says of the one Secret `s`. */
  let answer: { status: number; body: object };

  const metadata = (resourceVersion: string): object => ({ name: 's', namespace: 'ns', uid: 'u', resourceVersion });
  const secret = (resourceVersion: string, value: string): typeof answer => ({
    status: 200,
    body: { metadata: metadata(resourceVersion), data: { KEY: Buffer.from(value).toString('base64') } },
  });
  const gets = (): number => server.calls.filter((call) => call.startsWith(`GET ${COLLECTION}/s`)).length;

  beforeEach(async () => {
    changed = [];
    answer = secret('1', 'one');
    server = await ScriptedServer.start((call) => {
      if (call.path !== COLLECTION) call.json(answer.body, answer.status);
      else if (call.query.get('watch') === 'true') {
        watch = call;
        call.stream();
      } else call.json({ metadata: { resourceVersion: '10' }, items: [secret('1', 'one').body] });
    });
    client = KubeClient.fromConnection(server.connection);
    cache = new SecretCache({ client, namespace: 'ns', onChange: (name) => changed.push(name) });
    cache.versions.start();
    await cache.versions.whenSynced();
    await eventually(() => watch !== undefined);
  });

  afterEach(async () => {
    await cache.versions.stop();
    client.close();
    await server.stop();
  });

  it('reads a Secret once for each of its versions', async () => {
    const [first, second] = await Promise.all([cache.read('s'), cache.read('s')]);
    expect(first)
      .to.deep.equal({ data: { KEY: 'one' }, resourceVersion: '1' })
      .and.equal(second);
    expect(gets()).to.equal(1);
    answer = secret('2', 'two');
    watch?.stream({ type: 'MODIFIED', object: { metadata: metadata('2') } });
    await eventually(() => changed.length === 2);
    expect(changed).to.deep.equal(['s', 's']);
    expect((await cache.read('s'))?.data).to.deep.equal({ KEY: 'two' });
    expect(gets()).to.equal(2);
  });

  it('asks for no Secret that is not there, and forgets one that goes', async () => {
    expect(await cache.read('other')).to.equal(undefined);
    await cache.read('s');
    watch?.stream({ type: 'DELETED', object: { metadata: metadata('2') } });
    await eventually(() => cache.versions.size === 0);
    expect(await cache.read('s')).to.equal(undefined);
    expect(gets()).to.equal(1);
  });

  it('remembers no failure', async () => {
    answer = { status: 403, body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403 } };
    expect(await cache.read('s').catch(() => 'failed')).to.equal('failed');
    answer = secret('1', 'one');
    expect((await cache.read('s'))?.data).to.deep.equal({ KEY: 'one' });
  });

  it('keeps no data of Secrets that nobody asked for', () => {
    expect(cache.versions.list()).to.deep.equal([{ metadata: metadata('1') }]);
  });

  it('is not needed for one read: a Secret that does not exist is none', async () => {
    answer = { status: 404, body: { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 } };
    expect(await readSecret(client, { namespace: 'ns', name: 's' })).to.equal(undefined);
  });
});
