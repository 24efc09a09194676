import { connect } from 'node:net';
import { expect } from 'chai';
import { cacheReadiness, HealthServer, type HealthServerOptions } from './health.ts';

describe('HealthServer', () => {
  const servers: HealthServer[] = [];

  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  async function serve(options: Partial<HealthServerOptions> = {}) {
    const server = new HealthServer({ address: '127.0.0.1', port: 0, ...options });
    servers.push(server);
    await server.start();
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
      return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
    };
    return { server, ask };
  }

  it('is well when every check is, and says which one is not', async () => {
    const cache: { failure?: string } = {};
    const { ask } = await serve({ readiness: { cache: () => cache.failure }, liveness: { loop: () => undefined } });
    expect(await ask('/readyz')).to.include({ status: 200, text: '[+]cache ok\n[+]shutdown ok\nok\n' });
    expect(await ask('/healthz?verbose')).to.include({ status: 200 });
    cache.failure = 'the first list is not complete';
    expect(await ask('/readyz')).to.include({
      status: 503,
      text: '[-]cache failed: the first list is not complete\n[+]shutdown ok\n',
    });
    expect(await ask('/healthz')).to.include({ status: 200 });
  });

  it('is alive but not ready while it drains', async () => {
    const { server, ask } = await serve();
    server.drain();
    expect(await ask('/readyz')).to.include({ status: 503 });
    expect(await ask('/healthz')).to.include({ status: 200 });
  });

  it('serves the metrics, and an error without detail when they fail', async () => {
    const { ask } = await serve({ renderMetrics: () => Promise.resolve('up 1\n') });
    expect(await ask('/metrics')).to.deep.equal({
      status: 200,
      text: 'up 1\n',
      type: 'text/plain; version=0.0.4; charset=utf-8',
    });
    const broken = await serve({ renderMetrics: () => Promise.reject(new Error('hunter2')) });
    const answer = await broken.ask('/metrics');
    expect(answer.status).to.equal(500);
    expect(answer.text).to.not.include('hunter2');
  });

  it('serves metrics in pieces, and breaks off rather than give a part for the whole', async () => {
    const { ask } = await serve({
      renderMetrics: async function* () {
        for (let series = 0; series < 1_000; series++) yield `up{series="${series}"} ${'1'.repeat(100)}\n`;
      },
    });
    expect((await ask('/metrics')).text.split('\n')).to.have.length(1_001);
    const broken = await serve({
      renderMetrics: async function* () {
        yield 'up 1\n';
        throw new Error('hunter2');
      },
    });
    const answer = await broken.ask('/metrics').catch((error: unknown) => error);
    expect(answer).to.be.instanceOf(Error);
    expect(await broken.ask('/healthz')).to.include({ status: 200 });
  });

  it('answers other paths and methods, and garbage, and goes on', async () => {
    const { server, ask } = await serve();
    expect(await ask('/nothing')).to.include({ status: 404 });
    expect(await ask('/healthz', 'POST')).to.include({ status: 405 });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('no http at all\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve));
    expect(await ask('/healthz')).to.include({ status: 200 });
  });

  it('says which setting to change when the port is taken', async () => {
    const { server } = await serve();
    const second = new HealthServer({ address: '127.0.0.1', port: server.port });
    const error: unknown = await second.start().catch((reason: unknown) => reason);
    expect(String(error)).to.include('MOORING_HEALTH_PORT');
  });
});

describe('cacheReadiness', () => {
  const table: { name: string; synced: boolean; connected: boolean; ageMs: number; isReady: boolean }[] = [
    { name: 'before the first list', synced: false, connected: false, ageMs: Infinity, isReady: false },
    { name: 'with a watch, however quiet', synced: true, connected: true, ageMs: 110_000, isReady: true },
    { name: 'between two watches', synced: true, connected: false, ageMs: 100, isReady: true },
    { name: 'while the API server is away', synced: true, connected: false, ageMs: 60_000, isReady: false },
  ];
  for (const { name, isReady, ...rest } of table) {
    it(`is ${isReady ? 'well' : 'not'} ${name}`, () => {
      const check = cacheReadiness({ freshness: () => ({ ...rest, lastContactMs: 0 }) });
      expect(check() === undefined).to.equal(isReady);
    });
  }
});
