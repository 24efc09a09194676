import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { bed } from './bed.ts';
import { startCertManager, type CertManager } from './cert-manager.ts';
import { kubectlApply } from './kubectl.ts';
import { waitForPods } from './objects.ts';
import { install, OBJECTS, RELEASE_NAMESPACE, uninstall } from './release.ts';

describe("with cert-manager's certificates", () => {
  let certManager: CertManager;

  before(async () => {
    await uninstall();
    certManager = await startCertManager();
  });

  after(async () => {
    await uninstall();
    await bed().kubectl(['delete', 'namespace', RELEASE_NAMESPACE, '--ignore-not-found', '--wait', '--timeout=90s']);
    await certManager.stop();
  });

  it('helm install --wait makes ten Pods Ready, and writes are reviewed', async () => {
    await install({ certificates: { mode: 'cert-manager' } });
    await waitForPods(10);
    const path = `/api/v1/namespaces/${RELEASE_NAMESPACE}/secrets/mooring-webhook-tls`;
    const { data, metadata } = await bed().api.request<{
      data: Record<string, string>;
      metadata: { annotations?: Record<string, string> };
    }>({ path });
    expect(metadata.annotations).to.include({ 'cert-manager.io/certificate-name': 'mooring-webhook-tls' });
    const certificate = new X509Certificate(Buffer.from(data['tls.crt'] ?? '', 'base64'));
    expect(certificate.checkHost(`mooring-validating-webhook.${RELEASE_NAMESPACE}.svc`)).to.be.a('string');
    const target = {
      apiVersion: 'longhorn.io/v1beta2',
      kind: 'BackupTarget',
      metadata: { name: 'e2e-cert-manager', namespace: OBJECTS },
      spec: { backupTargetURL: 's3://e2e-cert-manager@us-east-1/' },
    };
    expect(await kubectlApply(JSON.stringify(target))).to.include({ isRefused: false });
    const copy = JSON.stringify({ ...target, metadata: { ...target.metadata, name: 'e2e-copy' } });
    expect((await kubectlApply(copy)).output).to.contain('is the same to backup target e2e-cert-manager');
  });
});
