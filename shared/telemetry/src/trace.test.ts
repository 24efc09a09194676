import { createServer, get } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { startTelemetry } from './start.ts';
import type { Telemetry } from './start.ts';
import { currentSpan, traceparent, withRemoteParent, withSpan } from './trace.ts';

/** OTLP's number for a client span. */
const CLIENT = 3;
const REMOTE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('spans before telemetry starts', () => {
  it('cost nothing and change nothing', async () => {
    expect(await withSpan('a', {}, () => 7)).to.equal(7);
    expect(await withSpan('a', {}, () => traceparent())).to.equal(undefined);
    expect(withRemoteParent(REMOTE, () => 8)).to.equal(8);
  });
});

describe('trace ids without a collector', () => {
  let telemetry: Telemetry;
  before(async () => {
    telemetry = await startTelemetry({ service: 'test', version: '0' });
  });
  after(() => telemetry.shutdown());

  it('go from a span to its children, across awaits', async () => {
    await withSpan('outer', {}, async () => {
      const outer = currentSpan()!;
      await Promise.resolve();
      await withSpan('inner', {}, () => {
        expect(currentSpan()!.traceId).to.equal(outer.traceId);
        expect(currentSpan()!.spanId).not.to.equal(outer.spanId);
      });
      expect(currentSpan()).to.deep.equal(outer);
    });
    expect(currentSpan()).to.equal(undefined);
  });

  it('continue a trace that came in a header or an annotation', async () => {
    await withRemoteParent(REMOTE, () =>
      withSpan('reconcile', {}, () => {
        expect(traceparent()).to.match(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-0[01]$/);
        expect(traceparent()).not.to.equal(REMOTE);
      }),
    );
  });

  for (const wrong of [undefined, '', 'rubbish', '00-0-0-0', REMOTE.replace('00-', 'ff-')]) {
    it(`begin a trace of their own when the parent is ${JSON.stringify(wrong)}`, async () => {
      await withSpan('outside', {}, async () => {
        const outside = currentSpan()!;
        await withRemoteParent(wrong, () =>
          withSpan('a', {}, () => expect(currentSpan()!.traceId).not.to.equal(outside.traceId)),
        );
      });
    });
  }

  it('keep apart what runs at the same time', async () => {
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        withSpan(name, {}, async () => {
          await Promise.resolve();
          return currentSpan()!.traceId;
        }),
      ),
    );
    expect(new Set(ids).size).to.equal(3);
  });

  it('pass on what the function throws', async () => {
    const thrown = new Error('x');
    const caught = await withSpan('a', {}, () => Promise.reject(thrown)).catch((error: unknown) => error);
    expect(caught).to.equal(thrown);
  });
});

describe('traces sent to a collector', () => {
  let collector: Server;
  let endpoint: string;
  let bodies: string[];
  let seen: string[];

  beforeEach((done) => {
    bodies = [];
    seen = [];
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/traces') bodies.push(Buffer.concat(chunks).toString());
        else seen.push(String(request.headers['traceparent']));
        response.end('{}');
      });
    }).listen(0, '127.0.0.1', () => {
      endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
      done();
    });
  });
  afterEach(() => new Promise((closed) => collector.close(closed).closeAllConnections()));

  interface Exported {
    resource: { attributes: { key: string }[] };
    scopeSpans: { spans: { name: string; kind: number; traceId: string; parentSpanId?: string; spanId: string }[] }[];
  }

  it('hold our spans and those of HTTP requests in one trace, and no secret', async () => {
    const telemetry = await startTelemetry({ service: 'test', version: '0.1.0', otlpEndpoint: `${endpoint}/` });
    const failure = new Error('403 from https://store/key?sig=CANARY');
    await withRemoteParent(REMOTE, () =>
      withSpan('store.list', { 'url.full': 'https://store/key?sig=CANARY' }, async () => {
        await new Promise((answered) =>
          get(`${endpoint}/bucket?sig=CANARY`, (response) => response.resume().on('end', answered)),
        );
        throw failure;
      }),
    ).catch((error: unknown) => expect(error).to.equal(failure));
    await telemetry.shutdown();

    const exported = bodies.flatMap((body) => (JSON.parse(body) as { resourceSpans: Exported[] }).resourceSpans);
    const spans = exported.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const own = spans.find(({ name }) => name === 'store.list')!;
    const http = spans.find(({ name, kind }) => name === 'GET' && kind === CLIENT)!;
    expect(own).to.include({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' });
    expect(http).to.include({ traceId: own.traceId, parentSpanId: own.spanId });
    expect(seen).to.deep.equal([`00-${own.traceId}-${http.spanId}-01`]);
    expect(bodies.join('')).not.to.include('CANARY');
    const described = exported[0]!.resource.attributes.map(({ key }) => key);
    expect(described).to.have.members(['service.name', 'service.version']);
  });

  it('are given up quietly when nobody listens', async () => {
    collector.close();
    const telemetry = await startTelemetry({ service: 'test', version: '0', otlpEndpoint: 'http://127.0.0.1:1' });
    expect(await withSpan('a', {}, () => 7)).to.equal(7);
    await telemetry.shutdown();
    await telemetry.shutdown();
  });
});
