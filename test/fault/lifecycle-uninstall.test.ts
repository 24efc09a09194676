import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { API_VERSION, FINALIZER, jobResource, kinds, moverJob, type ResourceType, resources } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import {
  applyObjects,
  ensureBinaries,
  eventually,
  type KubeManifest,
  parseManifests,
  renderChart,
  sharedControlPlane,
  type SharedControlPlane,
  startApiProxy,
  temporaryFolder,
  testNamespace,
} from '@mooring/testing';
import { repositoryFolder } from '../integration/admission-cluster.ts';
import { type HookRun, runCli } from '../integration/lifecycle-node.ts';

/** The hook as the chart renders it: everything but its Job, and that Job's arguments. */
async function renderHook(release: string, objects: string): Promise<{ objects: KubeManifest[]; args: string[] }> {
  const { helm } = await ensureBinaries(['helm']);
  const chart = join(repositoryFolder, 'charts/mooring');
  const show = ['--show-only', 'templates/lifecycle-uninstall.yaml', '--kube-version', '1.36.3'];
  const values = ['--set', `objectNamespace=${objects}`];
  const { stdout } = await promisify(execFile)(helm, ['template', 'mooring', chart, '-n', release, ...show, ...values]);
  const manifests = parseManifests(stdout);
  const job = manifests.find(({ kind }) => kind === 'Job') as unknown as {
    spec: { template: { spec: { containers: [{ args: string[] }] } } };
  };
  return {
    objects: manifests.filter(({ kind }) => kind !== 'Job'),
    args: job.spec.template.spec.containers[0].args,
  };
}

describe('the uninstall hook when something is broken', function () {
  this.timeout(60_000);
  let plane: SharedControlPlane;
  let release: string;
  let objects: string;
  let args: string[];
  let kubeconfig: string;

  beforeEach(async () => {
    plane = await sharedControlPlane();
    release = (await testNamespace('release')).name;
    objects = (await testNamespace('objects')).name;
    const hook = await renderHook(release, objects);
    args = hook.args;
    await applyObjects(plane.api, hook.objects);
    const folder = await temporaryFolder('hook');
    const { token } = await plane.tokenFor({ namespace: release, name: 'mooring-uninstall' });
    await writeFile(join(folder, 'token'), token);
    kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, plane.kubeconfigFor(join(folder, 'token')));
  });

  const create = async (count: number, finalizers = [FINALIZER]): Promise<void> => {
    for (let at = 0; at < count; at += 1) {
      const metadata = { name: `job-${String(at)}`, namespace: objects, finalizers };
      const spec = { cron: '0 0 * * *', task: 'backup', retain: 1 };
      await plane.kube.create(resources.recurringJobs, {
        apiVersion: API_VERSION,
        kind: 'RecurringJob',
        metadata,
        spec,
      });
    }
  };
  const finalizersOf = async (type: ResourceType = resources.recurringJobs): Promise<(string[] | undefined)[]> => {
    const { items } = await plane.kube.list<KubeManifest>(type, { namespace: objects });
    return items.map(({ metadata }) => metadata['finalizers'] as string[] | undefined);
  };
  const uninstall = (timeoutSeconds: number, through = kubeconfig): Promise<HookRun> =>
    runCli([...args, '--timeout', String(timeoutSeconds)], through);

  it('goes on when a Pod of a controller never goes', async () => {
    await create(2);
    const labels = {
      'app.kubernetes.io/name': 'mooring',
      'app.kubernetes.io/instance': 'mooring',
      'app.kubernetes.io/component': 'volume-controller',
    };
    await applyObjects(plane.api, [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'lost', namespace: release, labels },
        spec: { nodeName: 'gone', serviceAccountName: 'mooring-uninstall', containers: [{ name: 'c', image: 'none' }] },
      },
    ]);
    const run = await uninstall(4);
    expect(run.exitCode, run.output).to.equal(0);
    expect(run.output).to.contain(`going on though these Pods are still there`).and.contain(`${release}/lost`);
    expect(await finalizersOf()).to.deep.equal([undefined, undefined]);
  });

  it('ends the movers, whose Jobs nobody could end later', async () => {
    const settings = { namespace: release, image: 'mooring/mover:any', serviceAccount: 'mooring-mover', env: {} };
    const podLabels = { 'app.kubernetes.io/instance': 'mooring' };
    const object = { metadata: { name: 'b', uid: '0b9d7c5e-0000-4000-8000-000000000000' } };
    await plane.kube.create(jobResource, moverJob({ settings: { ...settings, podLabels }, task: 'backup', object }));
    const foreign = { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: release, name: 'foreign' } };
    const containers = [{ name: 'any', image: 'any' }];
    const template = { spec: { restartPolicy: 'Never', containers } };
    await plane.kube.create(jobResource, { ...foreign, spec: { template } });
    const run = await uninstall(20);
    expect(run.exitCode, run.output).to.equal(0);
    await eventually(async () => {
      const { items } = await plane.kube.list<KubeManifest>(jobResource, { namespace: release });
      return items.map(({ metadata }) => metadata.name).join() === 'foreign';
    });
  });

  it('needs no webhook: those that are dead do not stop it, nor those that a tool let forget whom to spare', async () => {
    await create(2);
    const chart = await renderChart({
      namespace: release,
      values: { objectNamespace: objects, workloads: { enabled: false } },
    });
    const webhooks = chart.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
    for (const webhook of webhooks.flatMap((one) => one['webhooks'] as Record<string, unknown>[])) {
      delete webhook['matchConditions'];
    }
    await applyObjects(plane.api, webhooks);
    const ref = { namespace: objects, name: 'job-0' };
    const labels = { metadata: { labels: { a: 'b' } } };
    const refused = (): Promise<boolean> =>
      plane.kube.patch(resources.recurringJobs, ref, labels, { kind: 'merge' }).then(
        () => false,
        () => true,
      );
    await eventually(refused, { what: 'the webhooks are called, and nobody answers' });
    const run = await uninstall(20);
    expect(run.exitCode, run.output).to.equal(0);
    expect(await finalizersOf()).to.deep.equal([undefined, undefined]);
    for (const type of [coreResources.mutatingWebhookConfigurations, coreResources.validatingWebhookConfigurations]) {
      const { items } = await plane.kube.list<KubeManifest>(type);
      expect(items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('mooring-'))).to.deep.equal(
        [],
      );
    }
  });

  it('ends when the API server is slow, drops connections and refuses for a while', async () => {
    await create(40);
    const proxy = await startApiProxy(plane, {
      folder: await temporaryFolder('slow'),
      as: { namespace: release, name: 'mooring-uninstall' },
      delayMs: 150,
    });
    proxy.failNext(5, { status: 500, when: ({ operation }) => operation === 'PATCH' });
    proxy.reset({ times: 5, when: ({ index }) => index % 7 === 3 });
    const run = await uninstall(30, proxy.kubeconfig);
    await proxy.stop();
    expect(run.exitCode, run.output).to.equal(0);
    expect(new Set(await finalizersOf())).to.deep.equal(new Set([undefined]));
  });

  it('says what is left, in time, when the API server refuses for good, and ends the work when it is called again', async () => {
    await create(3);
    const proxy = await startApiProxy(plane, {
      folder: await temporaryFolder('refusing'),
      as: { namespace: release, name: 'mooring-uninstall' },
    });
    proxy.failNext(Infinity, { status: 503, when: ({ url }) => url.includes('/job-1') });
    const run = await uninstall(4, proxy.kubeconfig);
    await proxy.stop();
    expect(run.exitCode, run.output).to.equal(1);
    expect(run.output).to.contain("failed to take the finalizer off recurringjobs 'job-1'");
    expect((await finalizersOf()).filter((one) => one !== undefined)).to.have.length(1);
    const again = await uninstall(4);
    expect(again.exitCode, again.output).to.equal(0);
    expect(new Set(await finalizersOf())).to.deep.equal(new Set([undefined]));
  });

  it('leaves finalizers to a Longhorn manager that runs in the object namespace', async () => {
    await create(1);
    const labels = { app: 'longhorn-manager' };
    await applyObjects(plane.api, [
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'longhorn-manager', namespace: objects, labels },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'manager', image: 'none' }] } },
        },
      },
    ]);
    const run = await uninstall(10);
    expect(run.exitCode, run.output).to.equal(0);
    expect(run.output).to.contain(`DaemonSet ${objects}/longhorn-manager takes them off`);
    expect(await finalizersOf()).to.deep.equal([[FINALIZER]]);
  });

  it('takes only our finalizer off, also where objects are being deleted already', async () => {
    await create(1, ['example.com/first', FINALIZER, 'example.com/last']);
    await plane.kube.delete(resources.recurringJobs, { namespace: objects, name: 'job-0' });
    const run = await uninstall(10);
    expect(run.exitCode, run.output).to.equal(0);
    expect(await finalizersOf()).to.deep.equal([['example.com/first', 'example.com/last']]);
    const body = { metadata: { finalizers: null } };
    await plane.kube.patch(resources.recurringJobs, { namespace: objects, name: 'job-0' }, body, { kind: 'merge' });
  });

  it('knows every kind of ours', async () => {
    const { items } = await plane.kube.list<{ metadata: { name: string } }>(coreResources.customResourceDefinitions);
    const served = items.map(({ metadata }) => metadata.name).filter((name) => name.endsWith('.longhorn.io'));
    expect(served.sort()).to.deep.equal(kinds.map(({ resource }) => `${resource.plural}.longhorn.io`).sort());
  });
});
