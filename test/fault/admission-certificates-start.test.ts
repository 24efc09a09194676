import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { KubeClient, noMetrics, systemClock } from '@mooring/runtime';
import type { Clock, Metrics } from '@mooring/runtime';
import { eventually, freePort, startApiProxy, temporaryFolder } from '@mooring/testing';
import type { ApiProxy, Fault } from '@mooring/testing';
import { makeCertificates } from '../../shared/admission/src/certificates/make-certificates.ts';
import { mutatingWebhook } from '../../services/mutating-webhook/src/webhook.ts';
import { validatingWebhook } from '../../services/validating-webhook/src/webhook.ts';
import { RELEASE, isReady, startAdmissionCluster, startWebhook, untilUsed } from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';
import {
  CA,
  HOSTS,
  Secrets,
  TLS,
  WEBHOOKS,
  fingerprints,
  servedBy,
  skewedClock,
  startLoad,
} from './certificates-setup.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const KINDS = { mutating: mutatingWebhook, validating: validatingWebhook };

type Started = ReturnType<typeof startWebhook>;

describe('the certificates of webhooks that start', function () {
  this.timeout(90_000);
  let cluster: AdmissionCluster;
  let secrets: Secrets;
  const ports = { mutating: 0, validating: 0 };
  let proxies: ApiProxy[];
  let started: Started[];

  before(async () => {
    for (const name of WEBHOOKS) ports[name] = await freePort();
    cluster = await startAdmissionCluster({
      mutating: `https://127.0.0.1:${String(ports.mutating)}`,
      validating: `https://127.0.0.1:${String(ports.validating)}`,
    });
    secrets = new Secrets(cluster.admin);
    proxies = await Promise.all(
      WEBHOOKS.map(async (name) =>
        startApiProxy(cluster.plane, {
          folder: await temporaryFolder('proxy'),
          as: { namespace: RELEASE, name: `mooring-${name}-webhook` },
        }),
      ),
    );
  });
  beforeEach(async () => {
    started = [];
    for (const name of [TLS, CA]) if (Object.keys(await secrets.read(name)).length > 0) await secrets.delete(name);
  });
  afterEach(async () => {
    for (const proxy of proxies) proxy.clear();
    await Promise.all(started.map(({ stop }) => stop()));
  });
  after(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await cluster.stop();
  });

  /** Starts both at once. */
  async function start(
    options: { clocks?: readonly Clock[]; metrics?: Metrics; leafLifetime?: string } = {},
  ): Promise<void> {
    const { clocks = [], metrics = noMetrics, leafLifetime = '2160h' } = options;
    const clients = await Promise.all(proxies.map(({ kubeconfig }) => KubeClient.fromKubeconfig(kubeconfig)));
    started = WEBHOOKS.flatMap((name, index) => {
      const client = clients[index];
      if (client === undefined) return [];
      const clock = clocks[index] ?? systemClock;
      return [
        startWebhook({ kind: KINDS[name], port: ports[name], client, clock, metrics, settings: { leafLifetime } }),
      ];
    });
  }

  async function untilReady(): Promise<void> {
    await eventually(() => started.every(({ webhook }) => isReady(webhook)), {
      timeoutMs: 45_000,
      what: 'both webhooks are ready',
    });
    await untilUsed(cluster);
  }

  const beginnings: readonly [string, () => Promise<void>][] = [
    ['nothing', () => Promise.resolve()],
    [
      'an expired certificate',
      async () => {
        const made = await makeCertificates({ hosts: HOSTS, nowMs: Date.now() - 2 * DAY_MS });
        await secrets.create(CA, { 'tls.crt': made.caCertificate, 'tls.key': made.caKey });
        await secrets.create(TLS, { 'tls.crt': made.certificate, 'tls.key': made.key, 'ca.crt': made.caCertificate });
      },
    ],
    [
      'an expired certificate of an expired authority',
      async () => {
        const made = await makeCertificates({ hosts: HOSTS, nowMs: Date.now() - 200 * DAY_MS });
        await secrets.create(CA, { 'tls.crt': made.caCertificate, 'tls.key': made.caKey });
        await secrets.create(TLS, { 'tls.crt': made.certificate, 'tls.key': made.key, 'ca.crt': made.caCertificate });
      },
    ],
    [
      'garbage in both Secrets',
      async () => {
        for (const name of [CA, TLS]) await secrets.create(name, { 'tls.crt': 'garbage', 'tls.key': 'garbage' });
      },
    ],
    [
      'the one Secret of the first release',
      async () => {
        const made = await makeCertificates({ hosts: HOSTS, nowMs: Date.now(), lifetimeMs: 365 * DAY_MS });
        await secrets.create(TLS, {
          'tls.crt': made.certificate,
          'tls.key': made.key,
          'ca.crt': made.caCertificate,
          'ca.key': made.caKey,
        });
      },
    ],
  ];
  for (const [what, prepare] of beginnings) {
    it(`come from ${what}`, async () => {
      await prepare();
      await start();
      await untilReady();
      await eventually(async () => {
        expect(await secrets.read(TLS)).to.have.keys(['tls.crt', 'tls.key', 'ca.crt']);
        expect(await secrets.read(CA)).to.have.keys(['tls.crt', 'tls.key']);
      });
    });
  }

  it('keep the certificate and the authority of the first release, whose key moves', async () => {
    const made = await makeCertificates({ hosts: HOSTS, nowMs: Date.now(), lifetimeMs: 365 * DAY_MS });
    const { certificate, key, caCertificate, caKey } = made;
    await secrets.create(TLS, { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': caCertificate, 'ca.key': caKey });
    await start();
    await untilReady();
    const tls = await eventually(async () => {
      const texts = await secrets.read(TLS);
      return 'ca.key' in texts ? false : texts;
    });
    expect(tls['tls.crt']).to.equal(certificate);
    expect((await secrets.read(CA))['tls.key']).to.equal(caKey);
    expect(await servedBy(ports.mutating)).to.equal(fingerprints(certificate)[0]);
  });

  it('are one, though the clocks of both differ by ten minutes', async () => {
    const written: string[] = [];
    const counting: Metrics = {
      ...noMetrics,
      counter: (name) => ({
        add: (_value, labels) => {
          if (name === 'mooring_certificates_written_total') written.push(labels?.['secret'] ?? '');
        },
      }),
    };
    await start({ clocks: [skewedClock(5 * MINUTE_MS), skewedClock(-5 * MINUTE_MS)], metrics: counting });
    await untilReady();
    // Both look again at each change of either Secret.
    for (const name of [TLS, CA]) await secrets.write(name, { note: 'changed' });
    await untilReady();
    expect(written).to.deep.equal([CA, TLS]);
  });

  const faults: readonly [string, Fault][] = [
    ['are never sent', { kind: 'reset' }],
    ['succeed without anybody learning of it', { kind: 'die-after-write' }],
    ['are refused', { kind: 'answer', status: 500, body: '{}' }],
  ];
  for (const [what, fault] of faults) {
    it(`are made anew, unnoticed, though the first writes ${what}`, async () => {
      await start();
      await untilReady();
      const { 'tls.crt': before } = await secrets.read(TLS);
      for (const proxy of proxies) {
        proxy.add(fault, { when: ({ operation }) => ['CREATE', 'UPDATE', 'PATCH'].includes(operation), times: 4 });
      }
      const load = startLoad(cluster);
      try {
        await secrets.delete(TLS);
        const made = await eventually(
          async () => {
            const { 'tls.crt': now } = await secrets.read(TLS);
            return now === undefined || now === before ? false : now;
          },
          { timeoutMs: 45_000 },
        );
        for (const name of WEBHOOKS) {
          await eventually(async () => (await servedBy(ports[name])) === fingerprints(made)[0], { timeoutMs: 20_000 });
        }
      } finally {
        expect((await load.stop()).refusals).to.deep.equal([]);
      }
    });
  }

  it('are renewed when the API server comes back after they expired', async () => {
    await start({ leafLifetime: '10s' });
    await untilReady();
    const ends = proxies.map((proxy) => proxy.add({ kind: 'reset' }));
    const { 'tls.crt': before = '' } = await secrets.read(TLS);
    const endMs = new X509Certificate(before).validToDate.getTime();
    await eventually(() => Date.now() > endMs, { timeoutMs: 30_000, what: 'the certificate has expired' });
    for (const end of ends) end();
    for (const name of WEBHOOKS) {
      await eventually(async () => (await servedBy(ports[name])) !== fingerprints(before)[0], {
        timeoutMs: 30_000,
        what: `${name}-webhook serves another certificate`,
      });
    }
    await untilReady();
  });
});
