import { startControlPlane, temporaryFolder, eventually, type ControlPlane } from '@mooring/testing';
import { cacheReadiness, coreResources, createInformer, KubeClient } from '@mooring/runtime';
import { expect } from 'chai';

describe('An informer whose API server goes away', function () {
  this.timeout(120_000);

  let plane: ControlPlane;
  let client: KubeClient;
  afterEach(async () => {
    client.close();
    await plane.stop();
  });

  it('is not ready until the server is back, keeps its objects, and then sees what changed', async () => {
    const dataDir = await temporaryFolder('api-server-away');
    plane = await startControlPlane({ dataDir });
    client = await KubeClient.fromKubeconfig(plane.kubeconfig);
    const informer = createInformer({ client, type: coreResources.namespaces });
    const readiness = cacheReadiness(informer);
    expect(readiness()).to.equal('the first list is not complete');
    informer.start();
    await informer.whenSynced();
    expect(readiness()).to.equal(undefined);

    await plane.stop();
    await eventually(() => readiness() === 'the watch is broken');
    expect(informer.get(undefined, 'kube-system')).to.not.equal(undefined);

    plane = await startControlPlane({ dataDir, ports: plane.ports });
    await client.create(coreResources.namespaces, { metadata: { name: 'after-the-outage' } });
    await eventually(() => informer.get(undefined, 'after-the-outage') !== undefined, { timeoutMs: 60_000 });
    expect(readiness()).to.equal(undefined);
    await informer.stop();
  });
});
