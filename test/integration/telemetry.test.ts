import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ANNOTATION_TRACEPARENT } from '@mooring/api';
import {
  type CollectedSpan,
  type Collector,
  type Embedded,
  eventually,
  sharedS3,
  startCollector,
  startEmbedded,
  temporaryFolder,
} from '@mooring/testing';
import { expect } from 'chai';

const STORE = join(import.meta.dirname, '../fixtures/longhorn-store/store');
const OBJECTS = '/apis/longhorn.io/v1beta2/namespaces/longhorn-system';
const SERVICES = ['mutating-webhook', 'target-controller', 'volume-controller', 'backup-controller'];
/** In every secret value that must not be seen again; a value of its own for each way to fail. */
const CANARY = 'canary-4711';

interface KubeList {
  items: {
    metadata: { name: string; annotations?: Record<string, string> };
    status?: { conditions?: { type: string; status: string; reason: string; message: string }[]; state?: string };
  }[];
}

describe('what Mooring tells the outside', function () {
  this.timeout(180_000);

  let collector: Collector;
  let spans: CollectedSpan[] = [];
  let embedded: Embedded;
  let stop: () => Promise<void> = () => Promise.resolve();
  let secretKey: string;
  const said: string[] = [];
  const outputs = new Map<string, string>();

  async function list(plural: string): Promise<KubeList['items']> {
    return (await embedded.controlPlane.api.request<KubeList>({ path: `${OBJECTS}/${plural}` })).items;
  }

  async function post(path: string, body: object): Promise<void> {
    await embedded.controlPlane.api.request({ method: 'POST', path, body });
  }

  /** A target with a Secret of its own. */
  async function addTarget(name: string, url: string, credentials: Record<string, string>): Promise<void> {
    const metadata = { name, namespace: 'longhorn-system' };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: credentials };
    await post('/api/v1/namespaces/longhorn-system/secrets', secret);
    const spec = { backupTargetURL: url, credentialSecret: name, pollInterval: '0s' };
    const target = { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata, spec };
    await post(`${OBJECTS}/backuptargets`, target);
  }

  async function readyOf(name: string) {
    const target = (await list('backuptargets')).find(({ metadata }) => metadata.name === name);
    return target?.status?.conditions?.find(({ type }) => type === 'Ready');
  }

  function waitForReason(name: string, reason: RegExp): Promise<void> {
    const look = async () => {
      const ready = await readyOf(name);
      if (!reason.test(ready?.reason ?? '')) throw new Error(JSON.stringify(ready));
    };
    return eventually(look, { timeoutMs: 60_000, what: `BackupTarget ${name} with ${String(reason)}` });
  }

  before(async () => {
    collector = await startCollector({ root: await temporaryFolder('collector') });
    stop = () => collector.stop();
    const s3 = await sharedS3();
    ({ secretKey } = s3);
    await s3.createBucket('telemetry');
    await cp(STORE, join(s3.dataFolder, 'telemetry'), { recursive: true });

    const dataDir = await temporaryFolder('telemetry');
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.endpoint;
    process.env['MOORING_LOG_LEVEL'] = 'debug';
    embedded = await startEmbedded({ dataDir, say: (line) => said.push(line) });
    stop = async () => {
      await embedded.stop();
      await collector.stop();
    };

    const url = 's3://telemetry@us-east-1/';
    const good = { AWS_ACCESS_KEY_ID: s3.accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINTS: s3.endpoint };
    await addTarget('good', url, good);
    await waitForReason('good', /^Synced$/);
    const refused: Record<string, Record<string, string>> = {
      'wrong-key': { AWS_SECRET_ACCESS_KEY: `${CANARY}-key` },
      'wrong-name': { AWS_ACCESS_KEY_ID: `${CANARY}-id` },
      'white-space': { AWS_SECRET_ACCESS_KEY: `${CANARY}-space\n` },
      'bad-pem': {
        AWS_ENDPOINTS: s3.endpoint.replace('http:', 'https:'),
        AWS_CERT: `-----BEGIN CERTIFICATE-----\n${CANARY}\n-----END CERTIFICATE-----\n`,
      },
      'bad-proxy': {
        AWS_ENDPOINTS: 'http://192.0.2.1:9000',
        HTTP_PROXY: `http://user:${CANARY}-proxy@127.0.0.1:1`,
      },
    };
    for (const [name, wrong] of Object.entries(refused)) {
      try {
        await addTarget(name, `s3://telemetry@us-east-1/${name}/`, { ...good, ...wrong });
        await waitForReason(name, /^(?!Pending|Syncing)./);
      } catch (error) {
        outputs.set(`denial of ${name}`, inspect(error));
      }
    }
    await eventually(async () => (await list('backups')).every(({ status }) => status?.state === 'Completed'), {
      timeoutMs: 60_000,
      what: 'all backups read',
    });

    const { api } = embedded.controlPlane;
    for (const plural of ['backuptargets', 'backupvolumes', 'backups', 'settings']) {
      outputs.set(plural, JSON.stringify(await list(plural)));
    }
    for (const path of ['/api/v1/events', '/api/v1/configmaps', '/apis/coordination.k8s.io/v1/leases']) {
      outputs.set(path, JSON.stringify(await api.request<object>({ path })));
    }
    for (const [name, { metricsUrl }] of Object.entries(embedded.services())) {
      outputs.set(`metrics of ${name}`, await (await fetch(metricsUrl)).text());
    }
    await embedded.stop();
    await collector.stop();
    for (const file of await readdir(join(dataDir, 'logs'))) {
      if (SERVICES.some((name) => file.startsWith(name)) || file.startsWith('validating')) {
        outputs.set(file, await readFile(join(dataDir, 'logs', file), 'utf8'));
      }
    }
    outputs.set('the terminal', said.join('\n'));
    outputs.set('traces', await collector.text());
    spans = await collector.spans();
  });

  after(async () => {
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    delete process.env['MOORING_LOG_LEVEL'];
    await stop();
  });

  it('holds no secret, in logs at debug level, events, objects, metrics, traces and on the terminal', () => {
    expect([...outputs.keys()]).to.include.members([
      'target-controller.log',
      'mutating-webhook.log',
      'traces',
      '/api/v1/events',
    ]);
    for (const secret of [CANARY, secretKey]) {
      for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, -3), encodeURIComponent(secret)]) {
        const found = [...outputs].filter(([, text]) => text.includes(form)).map(([name]) => name);
        expect(found, form).to.deep.equal([]);
      }
    }
  });

  it('says what is wrong with each Secret all the same', () => {
    const targets = JSON.parse(outputs.get('backuptargets') ?? '[]') as KubeList['items'];
    const told = (name: string) =>
      outputs.get(`denial of ${name}`) ??
      JSON.stringify(targets.find(({ metadata }) => metadata.name === name)?.status);
    expect(told('wrong-key')).to.match(/"(AccessDenied|CredentialInvalid)"/);
    expect(told('wrong-name')).to.match(/"(AccessDenied|CredentialInvalid)"/);
    expect(told('white-space')).to.include('AWS_SECRET_ACCESS_KEY').and.to.include('white');
    expect(told('bad-pem')).to.include('AWS_CERT');
    expect(told('bad-proxy')).to.include('"Ready"').and.to.include('"False"');
  });

  it('is one trace, from the admission of a target through the passes to each call of its store', () => {
    const review = spans.find(({ service, name }) => service === 'mutating-webhook' && /review|admi|mutat/i.test(name));
    const trace = spans.filter(({ traceId }) => traceId === review?.traceId);
    expect([...new Set(trace.map(({ service }) => service))]).to.include.members(SERVICES);
    for (const service of SERVICES.slice(1)) {
      const calls = trace.filter((span) => span.service === service && span.name.startsWith('store '));
      expect(calls, service).not.to.have.length(0);
      for (const call of calls) expect(ancestors(call, trace).at(-1)?.service).to.equal('mutating-webhook');
    }
  });

  it('is logs in JSON, with the ids of that trace', () => {
    const lines = (outputs.get('target-controller.log') ?? '').split('\n').filter((line) => line.startsWith('{'));
    const ids = new Set(lines.map((line) => (JSON.parse(line) as { trace_id?: string }).trace_id));
    const traceIds = spans.map(({ traceId }) => traceId);
    expect(traceIds.some((id) => ids.has(id))).to.equal(true);
  });

  it('carries the trace from object to object in an annotation', () => {
    const targets = JSON.parse(outputs.get('backuptargets') ?? '[]') as KubeList['items'];
    const good = targets.find(({ metadata }) => metadata.name === 'good');
    expect(good?.metadata.annotations?.[ANNOTATION_TRACEPARENT]).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('counts requests to the store and to the API server', () => {
    const text = outputs.get('metrics of target-controller') ?? '';
    expect(text).to.match(/^mooring_store_requests_total\{scheme="s3",operation="list",result="ok"\} [1-9]/m);
    expect(text).to.match(/^mooring_kube_requests_total\{.*\} [1-9]/m);
    expect(text).to.match(/^longhorn_backup_target_backup_volume_count\{backup_target="good"\} 5$/m);
  });
});

/** The spans that lead to `span`, the nearest first. */
function ancestors(span: CollectedSpan, trace: readonly CollectedSpan[]): CollectedSpan[] {
  const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? [] : [parent, ...ancestors(parent, trace)];
}
