import { expect } from 'chai';
import { eventually, freePort } from '@mooring/testing';
import { makeCertificates } from '../../shared/admission/src/certificates/make-certificates.ts';
import type { MadeCertificates } from '../../shared/admission/src/certificates/make-certificates.ts';
import { mutatingWebhook } from '../../services/mutating-webhook/src/webhook.ts';
import { validatingWebhook } from '../../services/validating-webhook/src/webhook.ts';
import { clientOf, isReady, startAdmissionCluster, startWebhook, untilUsed } from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';
import {
  HOSTS,
  Secrets,
  TLS,
  WEBHOOKS,
  fingerprints,
  overwriteTrust,
  servedBy,
  startLoad,
} from './certificates-setup.ts';

const KINDS = { mutating: mutatingWebhook, validating: validatingWebhook };

/** cert-manager itself is played by the test: it fills the Secret, and injects the caBundle as its cainjector does. */
describe('the webhooks with certificates of cert-manager', function () {
  this.timeout(90_000);
  let cluster: AdmissionCluster;
  let secrets: Secrets;
  let made: MadeCertificates;
  const ports = { mutating: 0, validating: 0 };
  const started: ReturnType<typeof startWebhook>[] = [];

  before(async () => {
    for (const name of WEBHOOKS) ports[name] = await freePort();
    cluster = await startAdmissionCluster(
      {
        mutating: `https://127.0.0.1:${String(ports.mutating)}`,
        validating: `https://127.0.0.1:${String(ports.validating)}`,
      },
      { values: { certificates: { mode: 'cert-manager' } } },
    );
    secrets = new Secrets(cluster.admin);
    for (const name of WEBHOOKS) {
      const client = await clientOf(cluster, `${name}-webhook`);
      const settings = { certificateMode: 'cert-manager' } as const;
      started.push(startWebhook({ kind: KINDS[name], port: ports[name], client, settings }));
    }
  });
  after(async () => {
    await Promise.all(started.map(({ stop }) => stop()));
    await cluster.stop();
  });

  const areReady = (): boolean => started.every(({ webhook }) => isReady(webhook));
  const inject = (pem: string): Promise<unknown> =>
    Promise.all(WEBHOOKS.map((name) => overwriteTrust(cluster.admin, name, pem)));
  const texts = (of: MadeCertificates): Record<string, string> => ({
    'tls.crt': of.certificate,
    'tls.key': of.key,
    'ca.crt': of.caCertificate,
  });
  async function untilServed(certificate: string): Promise<void> {
    for (const name of WEBHOOKS) {
      await eventually(async () => (await servedBy(ports[name])) === fingerprints(certificate)[0]);
    }
  }

  it('are ready once it has made the certificate and injected the authority, in this order', async () => {
    made = await makeCertificates({ hosts: HOSTS, nowMs: Date.now() });
    await secrets.create(TLS, texts(made));
    await eventually(() => started.every(({ webhook }) => webhook.port !== undefined));
    expect(areReady()).to.equal(false);
    await inject(made.caCertificate);
    await eventually(areReady);
    await untilUsed(cluster);
  });

  it('serve its renewed certificate without a refused review', async () => {
    const authority = { certificate: made.caCertificate, key: made.caKey };
    const renewed = await makeCertificates({ hosts: HOSTS, nowMs: Date.now(), authority });
    const load = startLoad(cluster);
    try {
      await eventually(() => load.reviews() > 10);
      await secrets.write(TLS, texts(renewed));
      await untilServed(renewed.certificate);
      const reached = load.reviews();
      await eventually(() => load.reviews() > reached + 10);
    } finally {
      expect((await load.stop()).refusals).to.deep.equal([]);
    }
  });

  it('serve a certificate of another authority once that one is injected', async () => {
    const other = await makeCertificates({ hosts: HOSTS, nowMs: Date.now() });
    await secrets.write(TLS, texts(other));
    await inject(other.caCertificate);
    await untilServed(other.certificate);
    await untilUsed(cluster);
  });

  it('write nothing, and may not', async () => {
    const { metadata } = await cluster.admin.request<{ metadata: { managedFields: { manager: string }[] } }>({
      path: '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/mooring-mutating-webhook',
    });
    expect(metadata.managedFields.map(({ manager }) => manager)).to.not.include('mooring-webhook');
    expect(await secrets.read('mooring-webhook-ca')).to.deep.equal({});
    for (const name of WEBHOOKS) {
      const account = await cluster.as(`${name}-webhook`);
      const write = account.request({
        method: 'PATCH',
        path: '/api/v1/namespaces/mooring-system/secrets/mooring-webhook-tls',
        contentType: 'application/merge-patch+json',
        body: {},
      });
      expect(String(await write.catch((error: unknown) => error))).to.include('403');
    }
  });
});
