import { expect } from 'chai';
import { bed, say } from './bed.ts';
import { services } from './images.ts';
import { pods, waitForPods } from './objects.ts';
import { install, isInstalled, RELEASE_NAMESPACE, uninstall } from './release.ts';

/** Time from `helm install` to its end, images present: the bound, in seconds. */
const INSTALL_SECONDS = 60;

describe('helm install --wait', () => {
  before(async () => {
    if (await isInstalled()) await uninstall();
  });

  it('makes ten Pods Ready within a minute and says what to do next', async () => {
    // The first installation on a node pulls the images.
    await install();
    await uninstall();
    const { seconds, output } = await install();
    say(`helm install --wait took ${seconds.toFixed(1)} s`);
    expect(seconds).to.be.at.most(INSTALL_SECONDS);
    expect(output)
      .to.match(/STATUS: deployed/)
      .and.to.contain('kind: BackupTarget');
    await waitForPods(10);
    for (const service of services) expect(await pods(service), service).to.have.length(2);
  });

  it('runs in a namespace that enforces the restricted Pod security standard', async () => {
    const label = 'pod-security.kubernetes.io/enforce=restricted';
    const output = await bed().kubectl([
      'label',
      'namespace',
      RELEASE_NAMESPACE,
      label,
      '--overwrite',
      '--dry-run=server',
    ]);
    expect(output).to.not.contain('violate');
  });

  it('restarts no container', async () => {
    const restarts = (await pods()).flatMap((pod) => pod.status.containerStatuses ?? []).map((one) => one.restartCount);
    expect(restarts).to.deep.equal(restarts.map(() => 0));
  });
});
