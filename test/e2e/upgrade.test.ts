import { bed, say } from './bed.ts';
import { retagImages, sourceTag } from './images.ts';
import { describeLoad, expectNoRefusal, startLoad } from './load.ts';
import { createTargetOnS3, pods, syncTarget, waitForPods, waitUntilReady } from './objects.ts';
import { ensureInstalled, RELEASE_NAMESPACE, upgrade } from './release.ts';
import { s3Server } from './stores.ts';

describe('admission under a load of 50 applies a second', () => {
  before(async () => {
    await ensureInstalled();
    await createTargetOnS3('e2e-upgrade', await s3Server(), 'upgrade/');
    await waitUntilReady('backuptargets', 'e2e-upgrade');
  });

  it('refuses nothing while single webhook Pods are deleted', async () => {
    const load = startLoad();
    for (const service of ['mutating-webhook', 'validating-webhook']) {
      const [first] = await pods(service);
      await bed().kubectl(['-n', RELEASE_NAMESPACE, 'delete', 'pod', first?.metadata.name ?? '']);
      await waitForPods(2, service);
    }
    const report = await load.stop();
    say(`deleted Pods: ${describeLoad(report)}`);
    expectNoRefusal(report);
  });

  it('refuses nothing during an upgrade and a rollback, and loses no sync', async () => {
    const before = await sourceTag();
    const after = `${before}-upgraded`;
    await retagImages(before, after);
    const load = startLoad();
    await upgrade({ image: { registry: '127.0.0.1:5000', tag: after } });
    await waitForPods(10);
    await syncTarget('e2e-upgrade');
    await bed().helm(['rollback', 'mooring', '--namespace', RELEASE_NAMESPACE, '--wait', '--timeout', '180s']);
    await waitForPods(10);
    const report = await load.stop();
    say(`upgrade and rollback: ${describeLoad(report)}`);
    expectNoRefusal(report);
    await syncTarget('e2e-upgrade');
  });
});
