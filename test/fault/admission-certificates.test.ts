import { connect } from 'node:tls';
import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { issueCertificates } from '../../shared/admission/src/certificates/issue.ts';
import { fromSecretData, toSecretData } from '../../shared/admission/src/certificates/bundle.ts';
import type { CertificateBundle } from '../../shared/admission/src/certificates/bundle.ts';
import { ensureCertificates } from '../../shared/admission/src/certificates/certificate-secret.ts';
import { RELEASE, clientOf, isReady, probe, startWebhooks, untilUsed } from '../integration/admission-cluster.ts';
import type { RunningWebhooks } from '../integration/admission-cluster.ts';

const SECRET = `/api/v1/namespaces/${RELEASE}/secrets/mooring-webhook-tls`;

describe('the certificate of the webhooks', function () {
  this.timeout(90_000);
  let webhooks: RunningWebhooks;

  before(async () => {
    webhooks = await startWebhooks();
  });
  after(() => webhooks.stop());

  async function readSecret(): Promise<CertificateBundle> {
    const { data } = await webhooks.cluster.admin.request<{ data: Record<string, string> }>({ path: SECRET });
    const bundle = fromSecretData(data);
    if (bundle === undefined) throw new Error('failed to read the certificate: the Secret is incomplete');
    return bundle;
  }
  async function replaceSecret(bundle: CertificateBundle): Promise<void> {
    await webhooks.cluster.admin.request({
      method: 'PATCH',
      path: SECRET,
      contentType: 'application/merge-patch+json',
      body: { data: toSecretData(bundle) },
    });
  }
  function hosts(): string[] {
    const services = ['mutating', 'validating'].map((name) => `mooring-${name}-webhook.${RELEASE}.svc`);
    return ['localhost', '127.0.0.1', ...services];
  }

  it('is one, though both started in the same instant with none', async () => {
    const { certificate } = await readSecret();
    for (const webhook of [webhooks.mutating, webhooks.validating]) {
      expect(await servedBy(webhook.port ?? 0)).to.equal(certificate);
    }
  });

  it('is renewed under load without one failed review, and without a restart', async () => {
    const old = await readSecret();
    let failures = 0;
    let reviews = 0;
    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await probe(webhooks.cluster).catch(() => failures++);
        reviews++;
      }
    });
    await eventually(() => reviews > 20);
    const renewed = await issueCertificates({ hosts: hosts(), nowMs: Date.now(), authority: old });
    await replaceSecret(renewed);
    for (const webhook of [webhooks.mutating, webhooks.validating]) {
      await eventually(async () => (await servedBy(webhook.port ?? 0)) === renewed.certificate);
    }
    const atSwitch = reviews;
    await eventually(() => reviews > atSwitch + 20);
    isOver = true;
    await Promise.all(load);
    expect(failures).to.equal(0);
  });

  it('follows a Secret of another authority, and the API server’s trust with it', async () => {
    const other = await issueCertificates({ hosts: hosts(), nowMs: Date.now() });
    await replaceSecret(other);
    await eventually(async () => (await servedBy(webhooks.validating.port ?? 0)) === other.certificate);
    await untilUsed(webhooks.cluster);
    await eventually(() => isReady(webhooks.mutating) && isReady(webhooks.validating));
  });

  it('is made anew when its Secret is deleted', async () => {
    const old = await readSecret();
    await webhooks.cluster.admin.request({ method: 'DELETE', path: SECRET });
    const made = await eventually(readSecret);
    expect(made.certificate).to.not.equal(old.certificate);
    for (const webhook of [webhooks.mutating, webhooks.validating]) {
      await eventually(async () => (await servedBy(webhook.port ?? 0)) === made.certificate);
    }
    await untilUsed(webhooks.cluster);
  });

  it('is one, however many processes make it at once', async () => {
    const client = await clientOf(webhooks.cluster, 'validating-webhook');
    const ensure = () => ensureCertificates({ client, namespace: RELEASE, hosts: hosts(), nowMs: Date.now() });
    await webhooks.cluster.admin.request({ method: 'DELETE', path: SECRET });
    const bundles = await Promise.all(Array.from({ length: 8 }, ensure));
    const { certificate } = await readSecret();
    for (const bundle of bundles) expect(bundle.certificate).to.equal(certificate);
    client.close();
    await untilUsed(webhooks.cluster);
  });

  it('is left alone when somebody else put it there, even if it cannot serve', async () => {
    const client = await clientOf(webhooks.cluster, 'validating-webhook');
    const own = await readSecret();
    const expired = await issueCertificates({ hosts: hosts(), nowMs: Date.now() - 400 * 86_400_000 });
    await replaceSecret({ ...expired, caKey: '' });
    const error: unknown = await ensureCertificates({
      client,
      namespace: RELEASE,
      hosts: hosts(),
      nowMs: Date.now(),
    }).catch((reason: unknown) => reason);
    expect(String(error)).to.include('it has expired; correct it, or delete it to have a new one made');
    expect((await readSecret()).certificate).to.equal(expired.certificate);
    client.close();
    await replaceSecret(own);
    await untilUsed(webhooks.cluster);
  });

  it('is replaced when it has expired', async () => {
    const expired = await issueCertificates({ hosts: hosts(), nowMs: Date.now() - 400 * 86_400_000 });
    await replaceSecret(expired);
    const made = await eventually(async () => {
      const bundle = await readSecret();
      return bundle.certificate === expired.certificate ? false : bundle;
    });
    expect(made.caCertificate).to.equal(expired.caCertificate);
    await untilUsed(webhooks.cluster);
  });
});

/** The certificate that a new connection is shown, PEM as the Secret has it. */
function servedBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // Whom the certificate is signed by is not the question here.
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
      resolve(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----`);
    });
    socket.once('error', reject);
  });
}
