import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { bed, say } from './bed.ts';
import { restartNode } from './cluster/restart-node.ts';
import { createTargetOnS3, pods, syncTarget, waitForPods, waitUntilReady } from './objects.ts';
import { ensureInstalled, RELEASE_NAMESPACE } from './release.ts';
import { kubectlApply } from './kubectl.ts';
import { s3Server } from './stores.ts';

const CONTROLLERS = ['target-controller', 'volume-controller', 'backup-controller'] as const;

async function leaderOf(service: string): Promise<string> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${RELEASE_NAMESPACE}/leases/mooring-${service}`;
  const lease = await bed().api.request<{ spec: { holderIdentity?: string } }>({ path });
  return lease.spec.holderIdentity?.split('_')[0] ?? '';
}

describe('failures of Pods and of the node', () => {
  before(async () => {
    await ensureInstalled();
    await createTargetOnS3('e2e-failures', await s3Server(), 'failures/');
    await waitUntilReady('backuptargets', 'e2e-failures');
  });

  for (const service of CONTROLLERS) {
    it(`${service}: another Pod leads when the leader is killed`, async () => {
      const killed = await leaderOf(service);
      await bed().kubectl(['-n', RELEASE_NAMESPACE, 'delete', 'pod', '--grace-period=0', '--force', killed]);
      const what = `another Pod of ${service} leads`;
      await eventually(async () => ![killed, ''].includes(await leaderOf(service)), { timeoutMs: 90_000, what });
      await waitForPods(2, service);
      await syncTarget('e2e-failures');
    });
  }

  it('everything comes back after a restart of the node', async () => {
    const before = (await pods()).map(({ metadata }) => metadata.uid).sort();
    const startedAt = performance.now();
    await restartNode();
    const restarted = async () => {
      const statuses = (await pods()).flatMap(({ status }) => status.containerStatuses ?? []);
      return statuses.length === 10 && statuses.every(({ restartCount }) => restartCount > 0);
    };
    await eventually(restarted, { timeoutMs: 120_000, intervalMs: 500, what: 'every container was started again' });
    await waitForPods(10);
    say(`all ten Pods are Ready ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the restart`);
    expect((await pods()).map(({ metadata }) => metadata.uid).sort()).to.deep.equal(before);
    await syncTarget('e2e-failures', 120_000);
    const target = JSON.stringify({
      apiVersion: 'longhorn.io/v1beta2',
      kind: 'BackupTarget',
      metadata: { name: 'e2e-after-restart', namespace: 'longhorn-system' },
      spec: { backupTargetURL: 's3://e2e-after-restart@us-east-1/' },
    });
    expect(await kubectlApply(target)).to.include({ isRefused: false });
  });
});
