import { expect } from 'chai';
import { request as httpsRequest, Agent } from 'node:https';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { makeCertificates } from '../certificates/make-certificates.ts';
import type { MadeCertificates } from '../certificates/make-certificates.ts';
import { allow } from '../review/responses.ts';
import { createApp } from './app.ts';
import type { Reviewer } from './app.ts';
import { ListenError, listen } from './https-server.ts';
import type { HttpsServer } from './https-server.ts';

const PATH = '/v1/webhook/validation';

const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backuptargets' },
    operation: 'CREATE',
    namespace: 'n',
    object: { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata: { name: 'a' } },
  },
};

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

describe('the webhook server', () => {
  let certificates: MadeCertificates;
  let server: HttpsServer;
  let reviewer: Reviewer;
  let errors: number[];
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    certificates = await makeCertificates({ hosts: ['127.0.0.1', 'localhost'], nowMs: Date.now() });
  });

  beforeEach(async () => {
    reviewer = (request) => Promise.resolve(allow(request.uid));
    errors = [];
    const app = createApp({
      path: PATH,
      review: (request, signal) => reviewer(request, signal),
      inTrace: (_parent, _request, fn) => fn(),
      onError: (_error, status) => errors.push(status),
    });
    server = await listen({
      handler: app,
      certificate: certificates,
      address: '127.0.0.1',
      port: 0,
      requestTimeoutMs: 200,
    });
  });

  afterEach(() => server.close(0));
  after(() => agent.destroy());

  async function send(
    body: string | undefined,
    options: { method?: string; path?: string; contentType?: string } = {},
  ): Promise<Answer> {
    const { method = 'POST', path = PATH, contentType = 'application/json' } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: server.port,
        path,
        method,
        ca: certificates.caCertificate,
        agent,
        headers: body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
          reject,
        );
      },
    );
    request.on('error', reject);
    request.end(body);
    return promise;
  }

  it('answers a review over TLS that its own CA vouches for, without an ETag or a product name', async () => {
    const answer = await send(JSON.stringify(review), { path: `${PATH}?timeout=10s` });
    expect(answer.status).to.equal(200);
    expect(JSON.parse(answer.body)).to.deep.equal({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u-1', allowed: true },
    });
    expect(answer.headers).to.not.have.any.keys('etag', 'x-powered-by');
  });

  it('says that it is alive', async () => {
    expect(await send(undefined, { method: 'GET', path: '/v1/healthz' })).to.include({ status: 200, body: 'ok' });
  });

  const bad: readonly [string, () => Promise<Answer>, number][] = [
    ['no JSON', () => send('{'), 400],
    ['nothing', () => send(''), 400],
    ['a JSON null', () => send('null'), 400],
    ['another kind', () => send(JSON.stringify({ ...review, kind: 'Pod' })), 400],
    ['another content type', () => send('x=1', { contentType: 'application/x-www-form-urlencoded' }), 415],
    ['5 MB', () => send(JSON.stringify({ ...review, padding: 'x'.repeat(5_000_000) })), 413],
    ['an unknown charset', () => send('{}', { contentType: 'application/json; charset=klingon' }), 415],
    ['GET', () => send(undefined, { method: 'GET' }), 405],
    ['PUT', () => send('{}', { method: 'PUT' }), 405],
    ['DELETE', () => send(undefined, { method: 'DELETE' }), 405],
    ['another path', () => send(JSON.stringify(review), { path: '/v1/webhook/other' }), 404],
    ['a path that cannot be decoded', () => send(JSON.stringify(review), { path: '/%E0%A4%A' }), 404],
  ];
  for (const [name, ask, status] of bad) {
    it(`answers ${name} with ${status} and an AdmissionReview, and lives on`, async () => {
      const answer = await ask();
      expect(answer.status).to.equal(status);
      const body = JSON.parse(answer.body) as {
        kind: string;
        response: { allowed: boolean; status: { message: string } };
      };
      expect(body.kind).to.equal('AdmissionReview');
      expect(body.response.allowed).to.equal(false);
      expect(body.response.status.message).to.not.equal('');
      expect((await send(JSON.stringify(review))).status).to.equal(200);
    });
  }

  it('answers 500 inside the review when a rule throws, without the error’s text', async () => {
    reviewer = () => Promise.reject(new Error('canary'));
    const answer = await send(JSON.stringify(review));
    expect(answer.status).to.equal(200);
    expect(JSON.parse(answer.body)).to.have.nested.property('response.status.code', 500);
    expect(answer.body).to.not.include('canary');
    expect(errors).to.deep.equal([500]);
  });

  it('answers by itself, retryably, before the API server gives up, and tells the rule to stop', async () => {
    let stopped = false;
    reviewer = (_request, signal) =>
      new Promise(() => {
        signal.addEventListener('abort', () => (stopped = true));
      });
    const answer = await send(JSON.stringify(review), { path: `${PATH}?timeout=1s` });
    expect(JSON.parse(answer.body)).to.have.nested.property('response.status.code', 503);
    expect(stopped).to.equal(true);
  });

  it('cuts off a client that sends its body too slowly', async () => {
    const socket = await openSocket(server.port, certificates.caCertificate);
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`);
    expect(await text(socket)).to.match(/^HTTP\/1.1 408 /);
    expect((await send(JSON.stringify(review))).status).to.equal(200);
  });

  it('cuts off a client that sends its headers too slowly', async () => {
    const socket = await openSocket(server.port, certificates.caCertificate);
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: a\r\n`);
    expect(await text(socket)).to.match(/^HTTP\/1.1 408 /);
  });

  it('leaves a connection alone that waits for its first request, until that comes too slowly', async () => {
    const used = await openSocket(server.port, certificates.caCertificate);
    const slow = await openSocket(server.port, certificates.caCertificate);
    const later = await openSocket(server.port, certificates.caCertificate);
    // Begins after the others were opened: when its time is over, theirs would be, too.
    later.write('POST ');
    expect(await text(later)).to.match(/^HTTP\/1.1 408 /);
    used.write(`GET /v1/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect(await text(used)).to.match(/^HTTP\/1.1 200 /);
    slow.write('POST ');
    expect(await text(slow)).to.match(/^HTTP\/1.1 408 /);
  });

  it('survives garbage instead of HTTP and instead of TLS', async () => {
    const socket = await openSocket(server.port, certificates.caCertificate);
    socket.write('\0\0 garbage\r\n\r\n');
    expect(await text(socket)).to.match(/^HTTP\/1.1 400 /);
    expect((await send(JSON.stringify(review))).status).to.equal(200);
  });

  it('shows a new certificate to new connections and keeps the open ones', async () => {
    const next = await makeCertificates({ hosts: ['127.0.0.1'], nowMs: Date.now() });
    const open = await openSocket(server.port, certificates.caCertificate);
    server.setCertificate(next);
    const fresh = await openSocket(server.port, next.caCertificate);
    open.write(`GET /v1/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect(await text(open)).to.match(/^HTTP\/1.1 200 /);
    fresh.destroy();
  });

  it('says which setting to change when its port is taken', async () => {
    const taken = { handler: () => undefined, certificate: certificates, address: '127.0.0.1', port: server.port };
    const error: unknown = await listen(taken).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ListenError);
    expect(String(error))
      .to.include(`'127.0.0.1:${String(server.port)}'`)
      .and.include('MOORING_WEBHOOK_PORT');
    expect(error).to.have.nested.property('cause.code', 'EADDRINUSE');
  });

  it('does not wait for connections that were opened and never used', async () => {
    const unused = await openSocket(server.port, certificates.caCertificate);
    const ended = text(unused);
    // Were they waited for, this would end with the hard stop, after the test's own time.
    await server.close(60_000);
    expect(await ended).to.equal('');
  });

  it('answers a request that has arrived on an idle connection when it closes', async () => {
    const socket = await openSocket(server.port, certificates.caCertificate);
    const heads = `GET /v1/healthz HTTP/1.1\r\nhost: a\r\n\r\n`;
    socket.write(heads);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).to.match(/^HTTP\/1.1 200 [^]*\r\nConnection: keep-alive\r\n/);
    const rest = text(socket);
    socket.write(heads);
    const closed = server.close(5_000);
    expect(await rest).to.match(/^HTTP\/1.1 200 [^]*\r\nconnection: close\r\n/);
    await closed;
  });

  it('is not held up by who connects and says nothing', async () => {
    const silent = connectTcp(server.port, '127.0.0.1');
    await once(silent, 'connect');
    const ended = once(silent, 'close');
    await server.close(60_000);
    await ended;
  });

  it('answers what is running while it closes, and takes nothing new', async () => {
    const gate = Promise.withResolvers<true>();
    const entered = Promise.withResolvers<true>();
    reviewer = async (request) => {
      entered.resolve(true);
      await gate.promise;
      return allow(request.uid);
    };
    const running = send(JSON.stringify(review));
    await entered.promise;
    const closed = server.close(5_000);
    gate.resolve(true);
    const answer = await running;
    expect(answer.status).to.equal(200);
    expect(answer.headers['connection']).to.equal('close');
    await closed;
    const refused = await send(JSON.stringify(review)).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'ECONNREFUSED');
  });
});

function openSocket(port: number, ca: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}
