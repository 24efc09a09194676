import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { parseDestination, type S3Destination } from '@mooring/api';
import { isStoreError } from '../errors.ts';
import { openS3Store } from './s3.ts';

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

const LISTING =
  '<?xml version="1.0"?><ListBucketResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>' +
  '<Contents><Key>a+b%2Fc.cfg</Key><Size>7</Size><ETag>&quot;e1&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>' +
  '</ListBucketResult>';

// A proxy sees every request, to whatever host: that is how the addressing of hosts that do not exist can be looked at.
describe('requests to S3', () => {
  let proxy: Server;
  let seen: Seen[];
  let answer: { status: number; body: string };
  beforeEach(async () => {
    seen = [];
    answer = { status: 200, body: LISTING };
    proxy = createServer((incoming, outgoing) => {
      seen.push({ url: incoming.url ?? '', headers: incoming.headers });
      outgoing.writeHead(answer.status, { 'content-type': 'application/xml' }).end(answer.body);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  async function list(url: string, credentials: Record<string, string> = {}): Promise<Seen> {
    const { port } = proxy.address() as AddressInfo;
    const store = openS3Store(parseDestination(url) as S3Destination, {
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINTS: 'http://s3.example:9000',
      HTTP_PROXY: `http://127.0.0.1:${String(port)}`,
      ...credentials,
    });
    await store.list({ prefix: 'backupstore/', startAfter: 'backupstore/x' });
    store.close();
    const [first] = seen;
    if (first === undefined) throw new Error('no request');
    return first;
  }

  it('put the bucket into the path behind an own endpoint, and into the host when told so', async () => {
    expect((await list('s3://bucket@eu-west-1/')).url).to.match(/^http:\/\/s3\.example:9000\/bucket\/\?/);
    seen = [];
    const virtual = await list('s3://bucket@eu-west-1/', { VIRTUAL_HOSTED_STYLE: 'true' });
    expect(virtual.url).to.match(/^http:\/\/bucket\.s3\.example:9000\/\?/);
  });

  it('put the prefix of the destination before every key, and the region into the signature', async () => {
    const { url, headers } = await list('s3://bucket@eu-west-1/some//prefix/');
    const query = new URL(url).searchParams;
    expect(query.get('prefix')).to.equal('some/prefix/backupstore/');
    expect(query.get('start-after')).to.equal('some/prefix/backupstore/x');
    expect(query.get('list-type')).to.equal('2');
    expect(headers.authorization).to.contain('/eu-west-1/s3/aws4_request');
  });

  it('carry a session token', async () => {
    const { headers } = await list('s3://bucket@eu-west-1/', { AWS_SESSION_TOKEN: 'session' });
    expect(headers['x-amz-security-token']).to.equal('session');
  });

  it('are answered by keys as they are, and by more pages where a server gives no token', async () => {
    const { port } = proxy.address() as AddressInfo;
    const store = openS3Store(parseDestination('s3://bucket@r/') as S3Destination, {
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINTS: `http://127.0.0.1:${String(port)}`,
    });
    const page = await store.list({ prefix: '' });
    expect(page.objects).to.deep.equal([
      { key: 'a b/c.cfg', size: 7, etag: 'e1', mtimeMs: Date.UTC(2026, 0, 2, 3, 4, 5) },
    ]);
    expect(page.continuation).to.be.a('string');
    await store.list({ prefix: '', continuation: page.continuation ?? '' });
    const query = new URL(`http://x${seen[1]?.url ?? ''}`).searchParams;
    expect([query.get('start-after'), query.get('continuation-token')]).to.deep.equal(['a b/c.cfg', null]);
  });

  const errors: [string, number, string, string][] = [
    ['PermanentRedirect', 301, 'Invalid', 'region'],
    ['AuthorizationHeaderMalformed', 400, 'Invalid', 'region'],
    ['RequestTimeTooSkewed', 403, 'Invalid', 'clocks'],
    ['ExpiredToken', 400, 'CredentialInvalid', 'session token'],
    ['AccessDenied', 403, 'AccessDenied', 'denies'],
    ['NoSuchBucket', 404, 'BucketNotFound', 'bucket'],
    ['InternalError', 500, 'Unavailable', 'not available'],
    ['SlowDown', 503, 'Throttled', 'fewer requests'],
    ['TooManyRequests', 429, 'Throttled', 'fewer requests'],
    ['SomethingNew', 400, 'Invalid', 'does not accept'],
  ];
  for (const [name, status, code, word] of errors) {
    it(`that fail with ${name} end as ${code}, without the ids of the answer`, async () => {
      const ids = '<RequestId>REQ-4711</RequestId><HostId>HOST-4711</HostId>';
      answer = {
        status,
        body: `<?xml version="1.0"?><Error><Code>${name}</Code><Message>at 12:00</Message>${ids}</Error>`,
      };
      const error: unknown = await list('s3://bucket@eu-west-1/').catch((cause: unknown) => cause);
      expect(isStoreError(error) && error.code).to.equal(code);
      expect(String(error))
        .to.contain(word)
        .and.not.match(/4711|12:00/);
    });
  }
});
