import { createServer, request, Agent, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

interface Answer {
  status: number;
  body: string;
}

describe('startFaultProxy', () => {
  const seen: { method: string; url: string; host: string; body: string }[] = [];
  let server: Server;
  let proxy: FaultProxy;
  let agent: Agent;

  before((done) => {
    server = createServer((incoming, outgoing) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.on('end', () => {
        seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', host: incoming.headers.host ?? '', body });
        outgoing.writeHead(200, { 'x-amz-thing': 'yes' });
        if (incoming.url === '/stream') outgoing.write('first\n');
        else outgoing.end('0123456789');
      });
    }).listen(0, '127.0.0.1', done);
  });
  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });
  beforeEach(async () => {
    seen.length = 0;
    agent = new Agent({ keepAlive: true });
    proxy = await startFaultProxy({ target: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` });
  });
  afterEach(async () => {
    agent.destroy();
    await proxy.stop();
  });

  function open(path: string, method = 'GET', body?: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request(proxy.url + path, { method, agent, headers: { host: 'bucket.example:9' } }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  async function send(path: string, method = 'GET', body?: string): Promise<Answer> {
    const response = await open(path, method, body);
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, body: text };
  }

  async function failureOf(promise: Promise<unknown>): Promise<string> {
    return promise.then(
      () => 'none',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
  }

  it('passes method, path, Host header and body on unchanged, and counts by operation', async () => {
    expect(await send('/b/k?x=%20y', 'PUT', 'hello')).to.deep.equal({ status: 200, body: '0123456789' });
    await send('/b?list-type=2');
    expect(seen[0]).to.deep.equal({ method: 'PUT', url: '/b/k?x=%20y', host: 'bucket.example:9', body: 'hello' });
    expect(proxy.counts()).to.deep.equal({ PUT: 1, LIST: 1 });
    expect(proxy.peakInFlight()).to.equal(1);
  });

  it('fails the next requests only, and the server does not see them', async () => {
    proxy.failNext(2, { status: 503, body: 'SlowDown', when: ({ method }) => method === 'GET' });
    const answers = [await send('/1'), await send('/2', 'PUT'), await send('/3'), await send('/4')];
    expect(answers.map(({ status }) => status)).to.deep.equal([503, 200, 503, 200]);
    expect(seen.map(({ url }) => url)).to.deep.equal(['/2', '/4']);
  });

  it('chooses by the index of the call', async () => {
    proxy.reset({ when: ({ index }) => index === 1 });
    const outcomes = [await failureOf(send('/1')), await failureOf(send('/2')), await failureOf(send('/3'))];
    expect(outcomes).to.deep.equal(['none', 'ECONNRESET', 'none']);
  });

  it('lets the server carry out a write and then tells nobody', async () => {
    proxy.dieAfterWrite({ times: 1 });
    expect(await failureOf(send('/b/k', 'PUT', 'written'))).to.equal('ECONNRESET');
    expect(seen[0]?.body).to.equal('written');
  });

  it('truncates an answer', async () => {
    proxy.truncate(4);
    expect(await failureOf(send('/b/k'))).to.equal('ECONNRESET');
    expect(seen).to.have.length(1);
  });

  it('hangs until the client gives up', async () => {
    const remove = proxy.hang();
    const outgoing = request(`${proxy.url}/x`, { agent });
    const failure = new Promise((resolve) => outgoing.on('error', resolve));
    outgoing.end();
    await eventually(() => expect(proxy.counts()).to.deep.equal({ GET: 1 }));
    outgoing.destroy(new Error('gave up'));
    expect(String(await failure)).to.contain('gave up');
    remove();
    expect((await send('/x')).status).to.equal(200);
  });

  it('freezes an open stream and thaws it', async () => {
    const response = await open('/stream');
    const chunks: string[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    await eventually(() => expect(chunks).to.deep.equal(['first\n']));
    proxy.freeze();
    let isAnswered = false;
    const waiting = send('/late').then((answer) => {
      isAnswered = true;
      return answer;
    });
    await eventually(() => expect(seen.map(({ url }) => url)).to.include('/late'));
    expect(isAnswered).to.equal(false);
    proxy.thaw();
    expect((await waiting).body).to.equal('0123456789');
    response.destroy();
  });

  it('cuts open connections, refuses new ones, and serves again', async () => {
    const response = await open('/stream');
    const failure = new Promise((resolve) => response.on('error', resolve));
    response.resume();
    proxy.cut();
    await failure;
    await proxy.refuse();
    expect(await failureOf(send('/x'))).to.equal('ECONNREFUSED');
    await proxy.listen();
    expect((await send('/x')).status).to.equal(200);
  });
});
