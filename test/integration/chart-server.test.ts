import { applyObjects, renderChart, sharedControlPlane, testNamespace } from '@mooring/testing';
import type { SharedControlPlane } from '@mooring/testing';

/** Values that each turn something else on or off; the API server itself judges what they render to. */
const MATRIX: Record<string, Record<string, unknown>> = {
  'the defaults': {},
  'nothing that runs': { workloads: { enabled: false } },
};

describe('what the chart renders', function () {
  this.timeout(60_000);
  let cluster: SharedControlPlane;
  let release: string;
  let objects: string;

  before(async () => {
    cluster = await sharedControlPlane();
    release = (await testNamespace('release')).name;
    objects = (await testNamespace('objects')).name;
  });

  for (const [what, values] of Object.entries(MATRIX)) {
    it(`with ${what} is accepted by the API server, field by field`, async () => {
      const manifests = await renderChart({ namespace: release, values: { objectNamespace: objects, ...values } });
      await applyObjects(cluster.api, manifests, { isDryRun: true });
    });
  }
});
