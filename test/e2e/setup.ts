import { endRun } from '@mooring/testing/run-end';
import { bed, closeBed, openBed } from './bed.ts';
import { saveDiagnostics } from './diagnostics.ts';
import { ensureImages, sourceTag } from './images.ts';
import { OBJECTS, RELEASE_NAMESPACE, uninstall } from './release.ts';
import { STORES } from './stores.ts';

/** Builds of a cold machine, about 20 minutes on two cores. */
const COLD_MS = 45 * 60_000;

/** Everything that tests of ours make in a cluster that others may use too. */
async function clear(): Promise<void> {
  await uninstall();
  const namespaces = [OBJECTS, RELEASE_NAMESPACE, STORES];
  await bed().kubectl(['delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait', '--timeout=120s']);
  const crds = await bed().kubectl(['get', 'crd', '-o', 'name']);
  const ours = crds.split('\n').filter((name) => name.endsWith('.longhorn.io'));
  if (ours.length > 0) await bed().kubectl(['delete', '--wait', '--timeout=60s', ...ours]);
}

/** Brings the cluster up, or takes the one that is; leaves it as it was found, also when a test fails. */
export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    this.timeout(COLD_MS);
    await openBed();
    await ensureImages(await sourceTag());
    await clear();
  },
  async afterEach(this: Mocha.Context): Promise<void> {
    if (this.currentTest?.state === 'failed') await saveDiagnostics(this.currentTest.fullTitle());
  },
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(300_000);
    try {
      await clear();
    } finally {
      await closeBed();
      await endRun();
    }
  },
};
