import { endRun } from '@mooring/testing/run-end';
import { bed, closeBed, openBed, say } from './bed.ts';
import { MachineRefusedError } from './cluster/start-cluster.ts';
import { saveDiagnostics } from './diagnostics.ts';
import { ensureImages, sourceTag } from './images.ts';
import { OBJECTS, RELEASE_NAMESPACE, uninstall } from './release.ts';
import { STORES } from './stores.ts';

/** Builds of a cold machine, about 20 minutes on two cores. */
const COLD_MS = 45 * 60_000;

/** Takes all finalizers off the objects of these kinds: a run that was killed has left some without a controller. */
async function letGo(crds: readonly string[]): Promise<void> {
  const inObjects = ['--namespace', OBJECTS];
  const found = await bed().kubectl(['get', ...inObjects, crds.join(','), '--output', 'name']);
  const objects = found.split('\n').filter((name) => name !== '');
  if (objects.length === 0) return;
  await bed().kubectl(['patch', ...inObjects, ...objects, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
}

/** Everything that tests of ours make in a cluster that others may use too. */
async function clear(): Promise<void> {
  await uninstall();
  // What is left of a release whose namespace went first: no write would pass its webhooks.
  const reviews = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';
  await bed().kubectl(['delete', '--ignore-not-found', '--selector', 'app.kubernetes.io/name=mooring', reviews]);
  const crds = await bed().kubectl(['get', 'crd', '-o', 'name']);
  const ours = crds.split('\n').filter((name) => name.endsWith('.longhorn.io'));
  if (ours.length > 0) await letGo(ours.map((name) => name.slice(name.indexOf('/') + 1)));
  const namespaces = [OBJECTS, RELEASE_NAMESPACE, STORES];
  await bed().kubectl(['delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait', '--timeout=120s']);
  if (ours.length > 0) await bed().kubectl(['delete', '--ignore-not-found', '--wait', '--timeout=60s', ...ours]);
}

/** What this run ends with where the machine cannot: neither well nor a failure of a test (`.ci/run` knows it). */
const REFUSED = 77;

function endWhereRefused(error: unknown): never {
  if (!(error instanceof MachineRefusedError)) throw error;
  say('!!! NOT RUN: this machine cannot run the one-node cluster:');
  for (const reason of error.reasons) say(`!!!   ${reason}`);
  process.exit(REFUSED);
}

/** Brings the cluster up, or takes the one that is; leaves it as it was found, also when a test fails. */
export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    this.timeout(COLD_MS);
    await openBed().catch(endWhereRefused);
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
