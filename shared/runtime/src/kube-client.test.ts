import { getEventListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@mooring/testing';
import { expect } from 'chai';
import { fixedAuthorization, tokenFileAuthorization } from './authorization.ts';
import { ManualClock } from './clock.ts';
import { coreResources } from './core-resources.ts';
import { ApiError, isAlreadyExists, isConflict, isExpired, isNotFound, LeaseLost } from './errors.ts';
import { gate } from './gate.ts';
import { KubeClient } from './kube-client.ts';
import { ScriptedServer, type Script } from './scripted-server.ts';

const { configMaps, secrets, namespaces } = coreResources;
const status = (code: number, reason: string, message = reason) => ({ kind: 'Status', code, reason, message });

/** The members of ApiError and ConnectionError. */
interface Failure extends Error {
  readonly status?: number;
  readonly reason: string;
  readonly details?: object;
}

describe('KubeClient', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  const clients: KubeClient[] = [];

  beforeEach(async () => {
    server = await ScriptedServer.start((call) => call.json({}));
    client = connect();
  });

  afterEach(async () => {
    for (const each of clients.splice(0)) each.close();
    await server.stop();
  });

  function connect(options: Parameters<typeof KubeClient.fromConnection>[1] = {}, more: object = {}): KubeClient {
    const made = KubeClient.fromConnection({ ...server.connection, ...more }, options);
    clients.push(made);
    return made;
  }

  async function failure(promise: Promise<unknown>): Promise<Failure> {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error);
    return error as Failure;
  }

  const script = (next: Script): void => {
    server.script = next;
  };

  it('builds the paths of namespaced, cluster-wide and grouped resources', async () => {
    await client.get(configMaps, { namespace: 'ns', name: 'a b' });
    await client.get(namespaces, { namespace: 'ignored', name: 'ns' });
    await client.patch(
      coreResources.leases,
      { namespace: 'ns', name: 'l', subresource: 'status' },
      {},
      { kind: 'merge' },
    );
    await client.delete(configMaps, { namespace: 'ns', name: 'a' });
    expect(server.calls).to.deep.equal([
      'GET /api/v1/namespaces/ns/configmaps/a%20b',
      'GET /api/v1/namespaces/ns',
      'PATCH /apis/coordination.k8s.io/v1/namespaces/ns/leases/l/status',
      'DELETE /api/v1/namespaces/ns/configmaps/a',
    ]);
  });

  it('says each patch’s kind by its content type', async () => {
    const types: (string | undefined)[] = [];
    script((call) => {
      types.push(call.headers['content-type']);
      call.json({});
    });
    for (const kind of ['merge', 'json', 'apply'] as const) {
      await client.patch(configMaps, { namespace: 'n', name: 'a' }, {}, { kind, fieldManager: 'm', force: true });
    }
    expect(types).to.deep.equal([
      'application/merge-patch+json',
      'application/json-patch+json',
      'application/apply-patch+yaml',
    ]);
    expect(server.calls[2]).to.include('fieldManager=m&force=true');
  });

  it('finds an object, or undefined where there is none, and throws every other answer', async () => {
    script((call) => {
      const [code, reason] = server.calls.length === 1 ? ([404, 'NotFound'] as const) : ([403, 'Forbidden'] as const);
      call.json(status(code, reason), code);
    });
    expect(await client.find(configMaps, { namespace: 'n', name: 'a' })).to.equal(undefined);
    const error = await failure(client.find(configMaps, { namespace: 'n', name: 'a' }));
    expect(error.status).to.equal(403);
    script((call) => call.json({ metadata: { name: 'a' } }));
    expect(await client.find(configMaps, { namespace: 'n', name: 'a' })).to.deep.equal({ metadata: { name: 'a' } });
    expect(new Set(server.calls)).to.deep.equal(new Set(['GET /api/v1/namespaces/n/configmaps/a']));
  });

  it('finds that very object again, and no other of its name', async () => {
    const known = { metadata: { namespace: 'n', name: 'a', uid: 'first' } };
    const now = { metadata: { ...known.metadata, resourceVersion: '2' } };
    script((call) => call.json(now));
    expect(await client.findSame(configMaps, known)).to.deep.equal(now);
    script((call) => call.json({ metadata: { ...known.metadata, uid: 'second' } }));
    expect(await client.findSame(configMaps, known)).to.equal(undefined);
    script((call) => call.json(status(404, 'NotFound'), 404));
    expect(await client.findSame(configMaps, known)).to.equal(undefined);
  });

  it('asks for metadata alone when that is enough', async () => {
    let accept: string | undefined;
    script((call) => {
      accept = call.headers.accept;
      call.json({ metadata: { resourceVersion: '1' }, items: null });
    });
    const page = await client.list(configMaps, { metadataOnly: true, limit: 5, labelSelector: 'a=b' });
    expect(accept).to.include('as=PartialObjectMetadataList');
    expect(page.items).to.deep.equal([]);
    expect(server.calls).to.deep.equal(['GET /api/v1/configmaps?limit=5&labelSelector=a%3Db']);
  });

  it('uses one connection for calls one after another', async () => {
    for (let i = 0; i < 20; i++) await client.get(configMaps, { namespace: 'n', name: 'a' });
    expect(server.connections).to.equal(1);
  });

  const answers: {
    code: number;
    body: object | string;
    is: (error: unknown) => boolean;
    kind: string;
    reason: string;
  }[] = [
    { code: 404, body: status(404, 'NotFound'), is: isNotFound, kind: 'transient', reason: 'NotFound' },
    { code: 409, body: status(409, 'Conflict'), is: isConflict, kind: 'conflict', reason: 'Conflict' },
    { code: 409, body: status(409, 'AlreadyExists'), is: isAlreadyExists, kind: 'transient', reason: 'AlreadyExists' },
    { code: 410, body: status(410, 'Expired'), is: isExpired, kind: 'transient', reason: 'Expired' },
    {
      code: 502,
      body: '<html>bad gateway</html>',
      is: (error) => error instanceof ApiError,
      kind: 'transient',
      reason: 'Unknown',
    },
  ];
  for (const { code, body, is, kind, reason } of answers) {
    it(`tells ${code} ${reason} by status and reason`, async () => {
      script((call) => {
        call.json(body, code);
      });
      const error = await failure(client.get(configMaps, { namespace: 'n', name: 'a' }));
      expect(is(error)).to.equal(true);
      expect(error).to.include({ status: code, reason, kind });
      expect(error.message).to.match(/^failed to read '\/api\/v1\/namespaces\/n\/configmaps\/a': /);
    });
  }

  it('keeps what the server says about a Secret to itself', async () => {
    script((call) => {
      call.json(
        {
          ...status(422, 'Invalid', 'data[key]: Invalid value: "hunter2"'),
          details: { causes: [{ message: 'hunter2' }] },
        },
        422,
      );
    });
    const secret = { metadata: { namespace: 'n', name: 's' }, data: { key: 'hunter2' } };
    const error = await failure(client.create(secrets, secret));
    expect(JSON.stringify([error, error.message, error.stack])).to.not.include('hunter2');
  });

  it('keeps a Secret that came garbled out of the error', async () => {
    script((call) => {
      call.response.end('hunter2 {');
    });
    const error = await failure(client.get(secrets, { namespace: 'n', name: 's' }));
    expect(error.reason).to.equal('Malformed');
    expect(`${error.message}${String(error.cause)}`).to.not.include('hunter2');
  });

  it('tries again when the server asks for patience, and stops at the deadline', async () => {
    let calls = 0;
    script((call) => {
      calls++;
      if (calls < 3) call.json(status(429, 'TooManyRequests'), 429, { 'retry-after': '0.01' });
      else call.json({ ok: true });
    });
    expect(await client.get(configMaps, { namespace: 'n', name: 'a' })).to.deep.equal({ ok: true });
    script((call) => {
      call.json(status(429, 'TooManyRequests'), 429, { 'retry-after': '20' });
    });
    const error = await failure(client.get(configMaps, { namespace: 'n', name: 'a' }, { timeoutMs: 5_000 }));
    expect(error).to.include({ status: 429, retryAfterMs: 20_000 });
  });

  it('sends a 500 without Retry-After once: the server may have done it', async () => {
    script((call) => {
      call.json(status(500, 'InternalError'), 500);
    });
    await failure(client.create(configMaps, { metadata: { namespace: 'n' } }));
    expect(server.calls).to.have.length(1);
  });

  it('gives up at the deadline, also when the answer stops in the middle, and frees the connection', async () => {
    const clock = new ManualClock();
    const timed = connect({ clock });
    script(() => undefined);
    const silent = failure(timed.get(configMaps, { namespace: 'n', name: 'a' }, { timeoutMs: 3_000 }));
    await until(() => server.calls.length === 1);
    await clock.advance(3_000);
    expect((await silent).reason).to.equal('Timeout');
    const halfway = gate();
    script((call) => {
      call.response.write('{"half":');
      halfway.open();
    });
    const stopped = failure(timed.get(configMaps, { namespace: 'n', name: 'a' }, { timeoutMs: 3_000 }));
    await halfway.opened;
    for (let i = 0; i < 4; i++) await clock.advance(1_000);
    expect((await stopped).reason).to.equal('Timeout');
    expect(clock.pending).to.equal(0);
    await until(() => server.openConnections === 0);
  });

  it('gives up on a host that never completes a connection', async () => {
    const clock = new ManualClock();
    // Accepts TCP and never speaks TLS: what a half-dead load balancer does
    const mute = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const lost = KubeClient.fromConnection({ server: `https://127.0.0.1:${port}` }, { clock });
    const waiting = failure(lost.get(configMaps, { namespace: 'n', name: 'a' }));
    await until(() => clock.pending === 2);
    await clock.advance(10_000);
    expect((await waiting).reason).to.equal('Unreachable');
    mute.close();
  });

  it('names a refused connection by its code', async () => {
    await server.stop();
    const error = await failure(client.get(configMaps, { namespace: 'n', name: 'a' }));
    expect(error).to.include({ reason: 'Unreachable', code: 'ECONNREFUSED', kind: 'transient' });
    server = await ScriptedServer.start((call) => call.json({}));
  });

  it('stops when the signal aborts, and leaves no listener on it', async () => {
    const abort = new AbortController();
    for (let i = 0; i < 20; i++) await client.get(configMaps, { namespace: 'n', name: 'a' }, { signal: abort.signal });
    await until(() => getEventListeners(abort.signal, 'abort').length === 0);
    script(() => undefined);
    const waiting = failure(client.get(configMaps, { namespace: 'n', name: 'a' }, { signal: abort.signal }));
    await until(() => server.calls.length === 21);
    abort.abort();
    expect((await waiting).reason).to.equal('Aborted');
    expect(getEventListeners(abort.signal, 'abort')).to.have.length(0);
    expect(
      (await failure(client.get(configMaps, { namespace: 'n', name: 'a' }, { signal: abort.signal }))).reason,
    ).to.equal('Aborted');
  });

  it('reads again over a new connection when the pooled one was dead, but never writes twice', async () => {
    await client.get(configMaps, { namespace: 'n', name: 'a' });
    let cuts = 1;
    script((call) => {
      if (cuts-- > 0) call.socket.resetAndDestroy();
      else call.json({ ok: true });
    });
    expect(await client.get(configMaps, { namespace: 'n', name: 'a' })).to.deep.equal({ ok: true });
    cuts = 1;
    const calls = server.calls.length;
    await failure(client.create(configMaps, { metadata: { namespace: 'n' } }));
    expect(server.calls).to.have.length(calls + 1);
  });

  it('sends no write when the fence is down, and still reads', async () => {
    let isLeader = true;
    const fenced = client.fenced(() => isLeader);
    await fenced.create(configMaps, { metadata: { namespace: 'n' } });
    isLeader = false;
    const writes = [
      () => fenced.create(configMaps, { metadata: { namespace: 'n' } }),
      () => fenced.patch(configMaps, { namespace: 'n', name: 'a' }, {}, { kind: 'merge' }),
      () => fenced.replace(configMaps, { metadata: { namespace: 'n', name: 'a' } }),
      () => fenced.delete(configMaps, { namespace: 'n', name: 'a' }),
      () => fenced.request({ method: 'POST', path: '/x' }),
    ];
    for (const write of writes) expect(await failure(write())).to.be.instanceOf(LeaseLost);
    await fenced.get(configMaps, { namespace: 'n', name: 'a' });
    expect(server.calls).to.have.length(2);
  });

  describe('credentials', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mooring-token-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    function withToken(clock: ManualClock) {
      const file = join(folder, 'token');
      const seen: (string | undefined)[] = [];
      script((call) => {
        seen.push(call.headers.authorization);
        call.json(
          call.headers.authorization === 'Bearer revoked' ? status(401, 'Unauthorized') : {},
          call.headers.authorization === 'Bearer revoked' ? 401 : 200,
        );
      });
      const own = connect({ clock }, { authorization: tokenFileAuthorization(file, clock) });
      const call = () => own.get(configMaps, { namespace: 'n', name: 'a' });
      return { file, seen, call };
    }

    it('reads the token file again after a minute', async () => {
      const clock = new ManualClock();
      const { file, seen, call } = withToken(clock);
      await writeFile(file, 'one\n');
      await call();
      await writeFile(file, 'two\n');
      await call();
      await clock.advance(60_000);
      await call();
      expect(seen).to.deep.equal(['Bearer one', 'Bearer one', 'Bearer two']);
    });

    it('reads the token file again at once after a 401, once', async () => {
      const { file, seen, call } = withToken(new ManualClock());
      await writeFile(file, 'revoked');
      expect((await failure(call())).status).to.equal(401);
      expect(seen).to.have.length(2);
      await writeFile(file, 'fresh');
      await call();
      expect(seen.slice(2)).to.deep.equal(['Bearer revoked', 'Bearer fresh']);
    });

    it('goes on with the last token while the file cannot be read', async () => {
      const clock = new ManualClock();
      const { file, seen, call } = withToken(clock);
      await writeFile(file, 'one');
      await call();
      await rm(file);
      await clock.advance(120_000);
      await call();
      expect(seen).to.deep.equal(['Bearer one', 'Bearer one']);
    });

    it('never shows the credential in an error', async () => {
      const unreachable = server.connection;
      await server.stop();
      const own = KubeClient.fromConnection({ ...unreachable, authorization: fixedAuthorization('Bearer hunter2') });
      const error = await failure(own.get(configMaps, { namespace: 'n', name: 'a' }));
      expect(JSON.stringify([error, error.message, error.stack, error.cause])).to.not.include('hunter2');
      server = await ScriptedServer.start((call) => call.json({}));
    });
  });

  describe('watch', () => {
    const object = (name: string, resourceVersion: string) => ({ metadata: { name, namespace: 'n', resourceVersion } });

    it('gives events until the server ends it', async () => {
      script((call) => {
        call.stream(
          { type: 'ADDED', object: object('a', '2') },
          { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
        );
        call.response.end();
      });
      const seen: string[] = [];
      for await (const event of await client.watch(configMaps, { resourceVersion: '1', timeoutSeconds: 300 }))
        seen.push(event.type);
      expect(seen).to.deep.equal(['ADDED', 'BOOKMARK']);
      expect(server.calls).to.deep.equal([
        'GET /api/v1/configmaps?resourceVersion=1&timeoutSeconds=300&watch=true&allowWatchBookmarks=true',
      ]);
    });

    it('throws the server’s own error for an ERROR event', async () => {
      script((call) => {
        call.stream({ type: 'ERROR', object: status(500, 'InternalError', 'etcd is away') });
      });
      const error = await failure(drain());
      expect(error).to.include({ status: 500, reason: 'InternalError' });
    });

    it('throws an ApiError when the watch is refused', async () => {
      script((call) => {
        call.json(status(403, 'Forbidden'), 403);
      });
      expect((await failure(drain())).status).to.equal(403);
    });

    it('closes its connection when the reader leaves or aborts', async () => {
      script((call) => {
        call.stream({ type: 'ADDED', object: object('a', '2') });
      });
      for await (const event of await client.watch(configMaps, { resourceVersion: '1', timeoutSeconds: 300 })) {
        expect(event.type).to.equal('ADDED');
        break;
      }
      await until(() => server.openConnections === 0);
      const abort = new AbortController();
      const events = await client.watch(configMaps, {
        resourceVersion: '1',
        timeoutSeconds: 300,
        signal: abort.signal,
      });
      await events.next();
      const next = failure(events.next());
      abort.abort();
      expect((await next).reason).to.equal('Aborted');
      await until(() => server.openConnections === 0);
      expect(getEventListeners(abort.signal, 'abort')).to.have.length(0);
    });

    async function drain(): Promise<unknown> {
      const events = await client.watch(configMaps, { resourceVersion: '1', timeoutSeconds: 300 });
      return (await events.next()).value;
    }
  });
});

/** Waits for what happens on the other side of a socket. */
async function until(condition: () => boolean): Promise<void> {
  await eventually(condition, { intervalMs: 1 });
}
