import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createAgents } from './http-agents.ts';
import { proxyFor, proxySettings } from './proxy.ts';

describe('the proxy for an endpoint', () => {
  const table: [string, string, Record<string, string>, boolean][] = [
    ['http by HTTP_PROXY', 'http://s3.example', { HTTP_PROXY: 'http://p:1' }, true],
    ['https by HTTPS_PROXY', 'https://s3.example', { HTTPS_PROXY: 'p:1' }, true],
    ['https not by HTTP_PROXY', 'https://s3.example', { HTTP_PROXY: 'http://p:1' }, false],
    ['lower-case names', 'https://s3.example', { https_proxy: 'http://p:1' }, true],
    ['loopback never', 'http://127.0.0.1:9000', { HTTP_PROXY: 'http://p:1' }, false],
    ['localhost never', 'http://localhost:9000', { HTTP_PROXY: 'http://p:1' }, false],
    ['not an exempt host', 'http://s3.example', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'a, s3.example' }, false],
    ['not below an exempt domain', 'http://s3.example', { HTTP_PROXY: 'http://p:1', NO_PROXY: 'example' }, false],
    ['not below a dotted domain', 'http://s3.example', { HTTP_PROXY: 'http://p:1', NO_PROXY: '.example' }, false],
    ['the dotted domain itself', 'http://example', { HTTP_PROXY: 'http://p:1', NO_PROXY: '.example' }, true],
    [
      'another domain that ends alike',
      'http://my-s3.example',
      { HTTP_PROXY: 'http://p:1', NO_PROXY: 's3.example' },
      true,
    ],
    ['not anything with *', 'http://s3.example', { HTTP_PROXY: 'http://p:1', NO_PROXY: '*' }, false],
    ['not an exempt network', 'http://10.1.2.3:9000', { HTTP_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8' }, false],
    ['an address outside the network', 'http://11.1.2.3', { HTTP_PROXY: 'http://p:1', NO_PROXY: '10.0.0.0/8' }, true],
    ['not an exempt port', 'http://s3.example:9000', { HTTP_PROXY: 'http://p:1', NO_PROXY: 's3.example:9000' }, false],
    ['another port', 'http://s3.example:9001', { HTTP_PROXY: 'http://p:1', NO_PROXY: 's3.example:9000' }, true],
    ['none set', 'http://s3.example', {}, false],
  ];
  for (const [what, endpoint, settings, isProxied] of table) {
    it(`is ${isProxied ? 'used' : 'not used'}: ${what}`, () => {
      expect(proxyFor(new URL(endpoint), proxySettings(settings, {})) !== undefined).to.equal(isProxied);
    });
  }

  it('is the one of the Secret before that of the process', () => {
    const settings = proxySettings({ HTTP_PROXY: 'http://own:1' }, { HTTP_PROXY: 'http://other:2', NO_PROXY: 'x' });
    expect(settings).to.deep.equal({ httpProxy: 'http://own:1', noProxy: 'x' });
  });

  it('carries the requests', async () => {
    const seen: string[] = [];
    const proxy: Server = createServer((incoming, outgoing) => {
      seen.push(incoming.url ?? '');
      outgoing.end('through the proxy');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const endpoint = new URL('http://s3.example:9000/bucket');
    const proxies = { httpProxy: `http://127.0.0.1:${String(port)}` };
    const agents = createAgents({ endpoint, proxies, caPem: undefined, caKey: 'AWS_CERT' });
    try {
      const body = await new Promise<string>((resolve, reject) => {
        const outgoing = request(endpoint, { agent: agents.httpAgent }, (incoming) => {
          incoming.setEncoding('utf8').once('data', resolve);
        });
        outgoing.on('error', reject).end();
      });
      expect(body).to.equal('through the proxy');
      expect(seen).to.deep.equal(['http://s3.example:9000/bucket']);
    } finally {
      agents.close();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    }
  });
});
