import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import {
  openStore,
  probeStore,
  readBackupHead,
  readBackupHeadAndEnd,
  readVolumeConfig,
  scanStore,
  StoreError,
  volumePrefix,
  encodeVolumeConfig,
  type ObjectStore,
  type StoreErrorCode,
} from '@mooring/backupstore';
import { createAuthority, freePort, sharedS3, startFaultProxy } from '@mooring/testing';
import type { FaultProxy, S3Server } from '@mooring/testing';
import { expect } from 'chai';

const CANARY = 'canary-secret-4711';
// One attempt only: these tests are about what an error says.
const ONCE = { callDeadlineMs: 0, attemptTimeoutMs: 2000 };

let server: S3Server;
let proxy: FaultProxy;

function open(options: { url?: string; limits?: object } & Record<string, unknown> = {}): Promise<ObjectStore> {
  const { url = `s3://faults@${server.region}/`, limits = ONCE, ...credentials } = options;
  return openStore({
    url,
    limits,
    credentials: {
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      AWS_ENDPOINTS: proxy.url,
      ...(credentials as Record<string, string>),
    },
  });
}

/** A proxy that knows CONNECT only; whatever host is asked for, it is `port` here. */
async function startTunnel(port: number): Promise<{ url: string; asked: string[]; stop: () => Promise<void> }> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const tunnel = createServer().on('connect', (request, client: Socket) => {
    asked.push(request.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream]) open.add(socket.on('error', () => socket.destroy()));
  });
  await new Promise<void>((resolve) => tunnel.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((tunnel.address() as AddressInfo).port)}`,
    asked,
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => tunnel.close(resolve));
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<StoreError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).to.be.instanceOf(StoreError);
  return error as StoreError;
}

describe('a store that cannot be used', () => {
  before(async function () {
    this.timeout(60_000);
    server = await sharedS3();
    await server.createBucket('faults');
    proxy = await startFaultProxy({ target: server.endpoint });
  });
  after(async () => {
    await proxy.stop();
  });
  afterEach(() => {
    proxy.clear();
  });

  const cases: [string, StoreErrorCode, () => Promise<ObjectStore>, string][] = [
    ['a bucket that does not exist', 'BucketNotFound', () => open({ url: 's3://no-such-bucket@us-east-1/' }), 'bucket'],
    ['an unknown access key', 'CredentialInvalid', () => open({ AWS_ACCESS_KEY_ID: 'nobody' }), 'access key'],
    ['a wrong secret key', 'CredentialInvalid', () => open({ AWS_SECRET_ACCESS_KEY: CANARY }), 'secret key'],
    [
      'a host without an address',
      'HostNotFound',
      () => open({ AWS_ENDPOINTS: 'http://store.invalid:9' }),
      'store.invalid',
    ],
    [
      'TLS where there is none',
      'Invalid',
      () => open({ AWS_ENDPOINTS: proxy.url.replace('http', 'https') }),
      'protocol',
    ],
  ];
  for (const [what, code, opened, word] of cases) {
    it(`says in stable words that there is ${what}, and no secret`, async () => {
      const first = await failureOf(probeStore(await opened()));
      const second = await failureOf(probeStore(await opened()));
      expect(first.code).to.equal(code);
      expect(first.message).to.contain(word).and.not.contain(CANARY);
      expect(second.message).to.equal(first.message);
    });
  }

  it('tells a port that nothing listens on from a host that does not answer', async () => {
    const refused = await failureOf(
      probeStore(await open({ AWS_ENDPOINTS: `http://127.0.0.1:${String(await freePort())}` })),
    );
    expect(refused.code).to.equal('ConnectionRefused');
    proxy.hang();
    const hung = await failureOf(probeStore(await open({ limits: { callDeadlineMs: 0, attemptTimeoutMs: 100 } })));
    expect(hung.code).to.equal('Timeout');
    expect(hung.message).to.contain('did not answer in time');
  });

  it('trusts a certificate of an own authority only when the Secret has it', async function () {
    this.timeout(60_000);
    const authority = await createAuthority('store authority');
    const stranger = await createAuthority('another authority');
    const pair = await authority.signServer('store', ['127.0.0.1']);
    const secure = await startFaultProxy({ target: server.endpoint, tls: pair });
    try {
      const credentials = { AWS_ENDPOINTS: secure.url };
      const code = async (pem: Record<string, string>): Promise<string> =>
        await probeStore(await open({ ...credentials, ...pem })).then(
          () => 'ok',
          (error: unknown) => (error as StoreError).code,
        );
      expect(await code({})).to.equal('CertificateInvalid');
      expect(await code({ AWS_CERT: stranger.certificate })).to.equal('CertificateInvalid');
      const both = `${stranger.certificate}\n${authority.certificate}\n`;
      expect(await code({ AWS_CERT: both })).to.equal('ok');
      const store = await open({ ...credentials, AWS_CERT: authority.certificate });
      await store.put({ key: 'backupstore/x.cfg', body: Buffer.from('over TLS') });
      expect((await store.get({ key: 'backupstore/x.cfg' })).body.toString()).to.equal('over TLS');
    } finally {
      await secure.stop();
    }
    const bad = await failureOf(open({ AWS_ENDPOINTS: secure.url, AWS_CERT: `/etc/${CANARY}.pem` }));
    expect(bad.code).to.equal('CredentialInvalid');
    expect(bad.message).to.contain('AWS_CERT').and.not.contain(CANARY);
  });

  it('is reached over TLS through a proxy, which sees no more than its name', async function () {
    this.timeout(60_000);
    const authority = await createAuthority('store authority');
    const pair = await authority.signServer('store', ['store.example']);
    const secure = await startFaultProxy({ target: server.endpoint, tls: pair });
    const { port } = new URL(secure.url);
    const tunnel = await startTunnel(Number(port));
    const credentials = { AWS_ENDPOINTS: `https://store.example:${port}`, HTTPS_PROXY: tunnel.url };
    try {
      const store = await open({ ...credentials, AWS_CERT: authority.certificate });
      await store.put({ key: 'backupstore/tunnel.cfg', body: Buffer.from('through a tunnel') });
      // The second goes past the SDK.
      for (let turn = 0; turn < 2; turn++)
        expect((await store.get({ key: 'backupstore/tunnel.cfg' })).body.toString()).to.equal('through a tunnel');
      expect(new Set(tunnel.asked)).to.deep.equal(new Set([`store.example:${port}`]));
      expect((await failureOf(probeStore(await open(credentials)))).code).to.equal('CertificateInvalid');
      const HTTPS_PROXY = `http://127.0.0.1:${String(await freePort())}`;
      expect((await failureOf(probeStore(await open({ ...credentials, HTTPS_PROXY })))).code).to.equal(
        'ConnectionRefused',
      );
    } finally {
      await tunnel.stop();
      await secure.stop();
    }
  });

  it('rejects a Secret with one key, with white space, and with an endpoint that is no URL', async () => {
    for (const credentials of [
      { AWS_ACCESS_KEY_ID: '' },
      { AWS_SECRET_ACCESS_KEY: `${CANARY}\n` },
      { AWS_ENDPOINTS: `minio.example:9000` },
      { AWS_ENDPOINTS: `https://user:${CANARY}@minio.example` },
    ]) {
      const error = await failureOf(open(credentials));
      expect(error.code).to.equal('CredentialInvalid');
      expect(error.message).to.contain(Object.keys(credentials)[0]).and.not.contain(CANARY);
    }
  });
});

describe('a store that fails now and then', () => {
  const config = { Name: 'pvc-a', Size: '1' };
  const key = `${volumePrefix('pvc-a')}volume.cfg`;
  let store: ObjectStore;
  before(async () => {
    server = await sharedS3();
    await server.createBucket('faults');
    proxy = await startFaultProxy({ target: server.endpoint });
    store = await open({ limits: { attemptTimeoutMs: 500 } });
    await store.put({ key, body: Buffer.from(JSON.stringify(config)) });
  });
  after(async () => {
    store.close();
    await proxy.stop();
  });
  beforeEach(() => {
    proxy.clear();
    proxy.resetCounts();
  });

  const slowDown = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>';
  const faults: [string, () => unknown][] = [
    ['500', () => proxy.failNext(2, { status: 500 })],
    ['503', () => proxy.failNext(2, { status: 503 })],
    ['SlowDown', () => proxy.failNext(3, { status: 503, body: slowDown })],
    ['a reset connection', () => proxy.reset({ times: 2 })],
    ['an answer that is cut short', () => proxy.truncate(10, { times: 2 })],
    ['an answer that stops half-way', () => proxy.add({ kind: 'stall', afterBytes: 10 }, { times: 1 })],
    ['no answer', () => proxy.hang({ times: 1 })],
  ];
  for (const [what, inject] of faults) {
    it(`is read all the same after ${what}`, async () => {
      inject();
      expect((await readVolumeConfig(store, 'pvc-a')).config.name).to.equal('pvc-a');
      inject();
      expect(await scanStore(store, { onVolume: () => undefined })).to.deep.include({ volumes: 1 });
    });
  }

  it('is read past the SDK once the SDK has shown the way, whatever the characters of the key', async () => {
    const agents: unknown[] = [];
    const seen = proxy.add(
      { kind: 'delay', delayMs: 0 },
      { when: ({ headers }) => agents.push(headers['user-agent']) === 0 },
    );
    const special = "backupstore/a b+c&d=é%2F!'()*~.json";
    await store.put({ key: special, body: Buffer.from('0123456789') });
    const content = await store.get({ key: special, range: { start: 2, end: 4 } });
    const info = await store.head({ key: special });
    seen();
    expect(content.body.toString()).to.equal('234');
    expect({ size: content.size, etag: content.etag, mtimeMs: content.mtimeMs }).to.deep.equal(info);
    expect(agents.map((agent) => typeof agent)).to.deep.equal(['string', 'undefined', 'string']);
    expect((await failureOf(store.get({ key: 'backupstore/absent' }))).code).to.equal('NotFound');
    await store.delete([special]);
  });

  it('knows its own conditional write again when the answer was lost', async () => {
    proxy.dieAfterWrite({ times: 1, when: (request) => request.operation === 'PUT' });
    await store.put({ key: 'backupstore/first.json', body: Buffer.from('mine'), ifAbsent: true });
    const other = await failureOf(
      store.put({ key: 'backupstore/first.json', body: Buffer.from('other'), ifAbsent: true }),
    );
    expect(other.code).to.equal('AlreadyExists');
  });

  it('is asked no more for a while after many failures, with the same words', async () => {
    const paused = await open({ limits: { callDeadlineMs: 0, breakerFailures: 3, breakerFirstPauseMs: 60_000 } });
    proxy.failNext(1000, { status: 500 });
    const messages = new Set<string>();
    for (let call = 0; call < 10; call++) messages.add((await failureOf(probeStore(paused))).detail);
    expect(messages.size).to.equal(1);
    expect(Object.values(proxy.counts()).reduce((sum, count) => sum + count, 0)).to.equal(3);
  });

  it('says Throttled when it goes on asking for fewer requests', async () => {
    proxy.failNext(1000, { status: 503, body: slowDown });
    const error = await failureOf(probeStore(await open()));
    expect(error.code).to.equal('Throttled');
  });

  it('is not taken for an S3 server when it answers with a web page', async () => {
    proxy.add({ kind: 'answer', status: 200, body: '<html><body>Welcome</body></html>' });
    const error = await failureOf(probeStore(await open()));
    expect(error.message).to.not.contain('Welcome');
  });

  it('ends a call when its caller gives up, though the host hangs', async () => {
    proxy.hang();
    const abort = new AbortController();
    const call = failureOf(store.get({ key, signal: abort.signal }));
    abort.abort();
    expect((await call).code).to.equal('Cancelled');
  });

  it('reads the head of a config by ranges, only as much as it needs, and its end, so that a config that was cut is seen', async () => {
    const head = (labels: object): string =>
      `{"Name":"b-1","VolumeName":"pvc-a","SnapshotName":"s","SnapshotCreatedAt":"","CreatedTime":"2026-01-02T00:00:00Z",` +
      `"Size":"2097152","Labels":${JSON.stringify(labels)},"Blocks":[`;
    const blocks = Array.from(
      { length: 9000 },
      (_, n) => `{"Offset":${String(n * 2097152)},"BlockChecksum":"${'0'.repeat(64)}"}`,
    );
    const body = (labels: object): Buffer =>
      Buffer.from(`${head(labels)}${blocks.join(',')}],"SingleFile":{"FilePath":""}}`);
    const backup = `${volumePrefix('pvc-a')}backups/backup_b-1.cfg`;
    await store.put({ key: backup, body: body({ trap: '"Blocks":[' }) });
    proxy.resetCounts();
    const read = await readBackupHead(store, { volume: 'pvc-a', backup: 'b-1' });
    expect(read.config).to.deep.include({ name: 'b-1', size: '2097152', labels: { trap: '"Blocks":[' } });
    expect(proxy.counts()).to.deep.equal({ GET: 1 });
    const long = { long: 'x'.repeat(60_000) };
    await store.put({ key: backup, body: body(long) });
    proxy.resetCounts();
    expect((await readBackupHead(store, { volume: 'pvc-a', backup: 'b-1' })).config.labels).to.deep.equal(long);
    expect(proxy.counts()).to.deep.equal({ GET: 3 });
    proxy.resetCounts();
    expect((await readBackupHeadAndEnd(store, { volume: 'pvc-a', backup: 'b-1' })).config.labels).to.deep.equal(long);
    expect(proxy.counts()).to.deep.equal({ GET: 4 });
    const whole = body({});
    // At a block's end, in a block, and without the last bracket.
    for (const end of [whole.indexOf('}', 500_000) + 1, 300_000, whole.length - 1]) {
      await store.put({ key: backup, body: whole.subarray(0, end) });
      const error = await failureOf(readBackupHeadAndEnd(store, { volume: 'pvc-a', backup: 'b-1' }));
      expect(error).to.deep.include({ code: 'Corrupt', kind: 'corrupt' });
    }
  });

  it('reports a config that is cut or garbage as Corrupt', async () => {
    const whole = encodeVolumeConfig((await readVolumeConfig(store, 'pvc-a')).config);
    for (const body of [
      Buffer.alloc(0),
      whole.subarray(0, whole.length - 9),
      Buffer.from('garbage'),
      Buffer.from('[]'),
    ]) {
      await store.put({ key: `${volumePrefix('pvc-b')}volume.cfg`, body });
      const error = await failureOf(readVolumeConfig(store, 'pvc-b'));
      expect(error).to.deep.include({ code: 'Corrupt', kind: 'corrupt' });
    }
  });
});
