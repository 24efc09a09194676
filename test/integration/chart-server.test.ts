import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { applyObjects, ensureBinaries, parseManifests, sharedControlPlane, testNamespace } from '@mooring/testing';
import type { KubeManifest, SharedControlPlane } from '@mooring/testing';
import { repositoryFolder } from './admission-cluster.ts';
import { applyForeignCrds } from './chart-foreign-crds.ts';

const run = promisify(execFile);
const CHART = join(repositoryFolder, 'charts/mooring');

/** Sets of values that each turn something else on or off: `ci/*-values.yaml` of the chart. */
const MATRIX = readdirSync(join(CHART, 'ci')).map((file) => file.replace('-values.yaml', ''));

const RELEASE = 'mooring-system';

/** Everything that helm would make with a set of values, the hooks' objects included. */
async function render(values: string): Promise<KubeManifest[]> {
  const { helm } = await ensureBinaries(['helm']);
  const file = join(CHART, 'ci', `${values}-values.yaml`);
  const args = ['template', 'mooring', CHART, '--namespace', RELEASE, '--kube-version', '1.36.3', '--values', file];
  const { stdout } = await run(helm, args, { maxBuffer: 64 * 1024 * 1024 });
  return parseManifests(stdout);
}

/** The manifest that NOTES.txt tells the user to apply. */
async function advisedManifest(): Promise<string> {
  const { helm } = await ensureBinaries(['helm']);
  const args = ['install', 'mooring', CHART, '--namespace', RELEASE, '--dry-run=client', '--kubeconfig', '/dev/null'];
  const { stdout } = await run(helm, args, { maxBuffer: 64 * 1024 * 1024 });
  const [, manifest = ''] = /<<'MANIFEST'\n(.*?)\n *MANIFEST/s.exec(stdout) ?? [];
  return manifest;
}

/** The Pod that a Deployment or Job would make. */
function podOf(workload: KubeManifest): { metadata: object; spec: { serviceAccountName: string } } | undefined {
  const { template } = (workload['spec'] ?? {}) as {
    template?: { metadata: object; spec: { serviceAccountName: string } };
  };
  return workload.kind === 'Deployment' || workload.kind === 'Job' ? template : undefined;
}

describe('what the chart renders', function () {
  this.timeout(120_000);
  let cluster: SharedControlPlane;
  let restricted: string;

  before(async () => {
    cluster = await sharedControlPlane();
    await applyForeignCrds(cluster.api);
    const namespaces = [RELEASE, 'longhorn-system', 'backups'].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    }));
    await applyObjects(cluster.api, namespaces);
    restricted = (await testNamespace('restricted')).name;
    await cluster.api.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${restricted}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    });
  });

  it('passes the suites of helm-unittest', async () => {
    const { 'helm-unittest': unittest } = await ensureBinaries(['helm-unittest']);
    // It says on stdout what differs.
    const { stdout } = await run(unittest, ['--strict', CHART]).catch((error: unknown) => error as { stdout: string });
    expect(stdout, stdout).to.match(/Tests: +\d+ passed, \d+ total/);
  });

  for (const values of MATRIX) {
    it(`with ${values}-values.yaml passes helm lint, and the API server accepts each object field by field`, async () => {
      const { helm } = await ensureBinaries(['helm']);
      await run(helm, ['lint', '--strict', CHART, '--values', join(CHART, 'ci', `${values}-values.yaml`)]);
      await applyObjects(cluster.api, await render(values), { isDryRun: true });
    });
  }

  it('ends in notes whose manifest the API server takes as it stands', async () => {
    const [target] = parseManifests(await advisedManifest());
    expect(target?.kind).to.equal('BackupTarget');
    await applyObjects(cluster.api, target === undefined ? [] : [target], { isDryRun: true });
  });

  it('makes only Pods that a namespace of the Pod Security Standard `restricted` lets in', async () => {
    const pods = (await render('everything')).flatMap((object) => podOf(object) ?? []);
    expect(pods).to.have.length(7);
    for (const { metadata, spec } of pods) {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: spec.serviceAccountName } };
      await applyObjects(cluster.api, [account], { namespace: restricted });
      await cluster.api.request({
        method: 'POST',
        path: `/api/v1/namespaces/${restricted}/pods?dryRun=All&fieldValidation=Strict`,
        body: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...metadata, name: 'one' },
          spec: { ...spec, restartPolicy: 'Never' },
        },
      });
    }
  });
});
