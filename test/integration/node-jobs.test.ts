import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeClient } from '@mooring/runtime';
import {
  eventually,
  getTable,
  sharedControlPlane,
  startNode,
  temporaryFolder,
  testNamespace,
  type ImageProgram,
  type RunningNode,
  type SharedControlPlane,
} from '@mooring/testing';
import { expect } from 'chai';

const NODE_NAME = 'node-of-jobs';

/** Prints what it was given, writes `started` into DATA where there is one, and ends with EXIT; `wait`: only when told to. */
const PROGRAM = `
const { env } = process;
const { readFileSync, writeFileSync } = require('node:fs');
console.log(JSON.stringify({ args: process.argv.slice(1), env }));
if (env.FILE) console.log('file: ' + readFileSync(env.FILE, 'utf8'));
if (env.EXIT === 'wait') {
  process.on('SIGTERM', () => { if (!env.STUBBORN) process.exit(75); });
  setInterval(() => {}, 1_000);
}
if (env.DATA) writeFileSync(env.DATA + '/started', String(process.pid));
if (env.EXIT !== 'wait') process.exit(Number(env.EXIT ?? 0));
`;

interface TestPod {
  metadata: { name: string; uid: string; ownerReferences?: { name: string }[] };
  spec: { nodeName?: string };
  status: {
    phase: string;
    reason?: string;
    message?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: {
      state: {
        waiting?: { reason: string; message: string };
        running?: object;
        terminated?: { exitCode: number; message?: string; reason: string };
      };
    }[];
  };
}

interface TestJob {
  status: {
    active?: number;
    failed?: number;
    succeeded?: number;
    conditions?: { type: string; status: string; reason: string }[];
  };
}

describe('the node that runs Pods as processes', function () {
  this.timeout(90_000);

  let controlPlane: SharedControlPlane;
  let namespace: string;
  let folder: string;
  let node: RunningNode;
  const images: Record<string, ImageProgram> = {
    'test/program:1': { command: process.execPath, args: ['-e', PROGRAM, '--'], env: { FROM_IMAGE: 'yes' } },
    'test/none:1': { command: '/no/such/program', args: [] },
  };

  const run = () => startNode({ controlPlane, namespace, images, folder, name: NODE_NAME });
  const pods = async () =>
    (await controlPlane.api.request<{ items: TestPod[] }>({ path: `/api/v1/namespaces/${namespace}/pods` })).items;
  const podOf = async (name: string) => {
    const found = (await pods()).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`there is no Pod ${name}`);
    return found;
  };
  const podsOfJob = async (name: string) =>
    (await pods()).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name));
  const job = (name: string) =>
    controlPlane.api.request<TestJob>({ path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}` });
  const remove = (path: string, query = '') =>
    controlPlane.api.request({ method: 'DELETE', path: `${path}?propagationPolicy=Background${query}` });
  const removePod = (name: string) => remove(`/api/v1/namespaces/${namespace}/pods/${name}`);
  const isGone = (name: string) =>
    eventually(async () => (await pods()).every(({ metadata }) => metadata.name !== name), { timeoutMs: 20_000 });
  const create = (plural: string, object: object) =>
    controlPlane.api.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/${plural}`,
      body: { apiVersion: 'v1', ...object },
    });
  const dataFolder = async (name: string) => {
    const path = join(folder, 'data', name);
    await mkdir(path, { recursive: true });
    return path;
  };
  const startedIn = (data: string) =>
    eventually(async () => Number(await readFile(join(data, 'started'), 'utf8')) || false);
  const logOf = (name: string) => readFile(join(folder, 'logs', 'pods', `${name}.log`), 'utf8');
  const ends = (name: string, phase: string) =>
    eventually(async () => {
      const found = await podOf(name);
      return found.status.phase === phase && found;
    });

  function container(env: Record<string, string>, more: object): object {
    const list = Object.entries(env).map(([name, value]) => ({ name, value }));
    return { name: 'main', image: 'test/program:1', env: list, ...more };
  }

  async function createPod(name: string, env: Record<string, string>, { spec = {}, main = {} } = {}): Promise<TestPod> {
    const body = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { colour: 'green' } },
      spec: { restartPolicy: 'Never', containers: [container(env, main)], ...spec },
    };
    return await controlPlane.api.request<TestPod>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      body,
    });
  }

  async function createJob(name: string, env: Record<string, string>): Promise<void> {
    const onExit = (action: string, code: number) => ({
      action,
      onExitCodes: { containerName: 'main', operator: 'In', values: [code] },
    });
    const disrupted = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] };
    const body = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: {
        backoffLimit: 1,
        podReplacementPolicy: 'Failed',
        podFailurePolicy: { rules: [onExit('FailJob', 2), onExit('Ignore', 75), disrupted] },
        template: {
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 20,
            containers: [container(env, { terminationMessagePolicy: 'FallbackToLogsOnError' })],
          },
        },
      },
    };
    await controlPlane.api.request({ method: 'POST', path: `/apis/batch/v1/namespaces/${namespace}/jobs`, body });
  }

  const holds = async (name: string, type: string) =>
    eventually(
      async () => {
        const found = await job(name);
        const condition = found.status.conditions?.find((one) => one.type === type && one.status === 'True');
        return condition !== undefined && { ...found.status, reason: condition.reason };
      },
      { timeoutMs: 45_000, what: `Job ${name} ${type}` },
    );

  before(async () => {
    controlPlane = await sharedControlPlane();
    namespace = (await testNamespace('node')).name;
    folder = await temporaryFolder('node');
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await eventually(() => controlPlane.api.request({ path: `${accounts}/default` }));
    node = await run();
    // Their Pods are made again after a pause of 10 s.
    await createJob('bad', { EXIT: '1' });
    await createJob('paused', { EXIT: '75' });
  });

  after(() => node.stop());

  it('is Ready, and shows how it runs Pods', async () => {
    const table = await getTable(controlPlane.api, '/api/v1/nodes');
    expect(table).to.match(
      /NAME +STATUS +ROLES +AGE +VERSION\n(.*\n)*node-of-jobs +Ready +<none> .* v1\.\d+\.\d+-mooring/,
    );
    const { spec } = await controlPlane.api.request<{ spec: { taints?: object[] } }>({
      path: `/api/v1/nodes/${NODE_NAME}`,
    });
    expect(spec.taints).to.equal(undefined);
  });

  it('completes a Job whose program ends with 0', async () => {
    await createJob('good', { EXIT: '0' });
    expect(await holds('good', 'Complete')).to.include({ succeeded: 1 });
    const [pod] = await podsOfJob('good');
    expect(pod?.status.phase).to.equal('Succeeded');
    expect(pod?.status.containerStatuses?.[0]?.state.terminated).to.include({ exitCode: 0, reason: 'Completed' });
  });

  it('has a failed Pod made again until the Job gives up', async () => {
    expect(await holds('bad', 'Failed')).to.include({ failed: 2, reason: 'BackoffLimitExceeded' });
    const [pod] = await podsOfJob('bad');
    const terminated = pod?.status.containerStatuses?.[0]?.state.terminated;
    expect(terminated).to.include({ exitCode: 1, reason: 'Error' });
    expect(terminated?.message).to.contain('"EXIT":"1"');
  });

  it('ends a Job at once whose program refuses', async () => {
    await createJob('refused', { EXIT: '2' });
    expect(await holds('refused', 'Failed')).to.include({ failed: 1, reason: 'PodFailurePolicy' });
  });

  it('has a paused program started again, uncounted', async () => {
    await eventually(async () => (await podsOfJob('paused')).length === 2, { timeoutMs: 45_000 });
    const { status } = await job('paused');
    expect(status.failed ?? 0).to.equal(0);
    expect(status.conditions ?? []).to.deep.equal([]);
    await remove(`/apis/batch/v1/namespaces/${namespace}/jobs/paused`);
  });

  it('ends the program of a deleted Job, and its Pod goes after that', async () => {
    const data = await dataFolder('deleted');
    await createJob('deleted', { EXIT: 'wait', DATA: data });
    const pid = await startedIn(data);
    await remove(`/apis/batch/v1/namespaces/${namespace}/jobs/deleted`);
    await eventually(async () => (await podsOfJob('deleted')).length === 0);
    expect(() => process.kill(pid, 0)).to.throw();
  });

  it('gives a program its environment, and nothing of ours', async () => {
    const data = { data: { key: Buffer.from('hidden').toString('base64') } };
    await create('secrets', { kind: 'Secret', metadata: { name: 'credentials' }, ...data });
    await create('configmaps', { kind: 'ConfigMap', metadata: { name: 'settings' }, data: { level: 'debug' } });
    const env = [
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'WHERE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'COLOUR', valueFrom: { fieldRef: { fieldPath: "metadata.labels['colour']" } } },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'credentials', key: 'key' } } },
      { name: 'ABSENT', valueFrom: { secretKeyRef: { name: 'none', key: 'key', optional: true } } },
      { name: 'BOTH', value: '$(POD) has $(KEY) for $$5' },
    ];
    const envFrom = [{ prefix: 'SET_', configMapRef: { name: 'settings' } }];
    await createPod('environment', {}, { main: { env, envFrom, args: ['--as', '$(COLOUR)'] } });
    await ends('environment', 'Succeeded');
    const given = JSON.parse((await logOf('environment')).split('\n')[0] ?? '') as {
      args: string[];
      env: Record<string, string>;
    };
    expect(given.args).to.deep.equal(['--as', 'green']);
    expect(given.env).to.deep.equal({
      FROM_IMAGE: 'yes',
      SET_level: 'debug',
      POD: 'environment',
      WHERE: NODE_NAME,
      COLOUR: 'green',
      KEY: 'hidden',
      BOTH: 'environment has hidden for $5',
      KUBECONFIG: given.env['KUBECONFIG'],
    });
  });

  it('gives a program a token of its ServiceAccount, bound to the Pod and gone with it', async () => {
    await createPod('account', { EXIT: 'wait' });
    const { metadata } = await ends('account', 'Running');
    const kubeconfig = join(folder, 'pods', metadata.uid, 'kubeconfig');
    const client = await KubeClient.fromKubeconfig(kubeconfig);
    const review = await client.request<{
      status: { userInfo: { username: string; extra: Record<string, string[]> } };
    }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    expect(client.namespace).to.equal(namespace);
    client.close();
    expect(review.status.userInfo.username).to.equal(`system:serviceaccount:${namespace}:default`);
    expect(review.status.userInfo.extra['authentication.kubernetes.io/pod-name']).to.deep.equal(['account']);
    await removePod('account');
    await isGone('account');
    expect(await readdir(join(folder, 'pods'))).not.to.include(metadata.uid);
  });

  it('mounts host paths where they are, and Secrets where the program is told that they are', async () => {
    const data = await dataFolder('mounted');
    await createPod(
      'volumes',
      { DATA: data, FILE: '/etc/credentials/key' },
      {
        main: {
          volumeMounts: [
            { name: 'data', mountPath: data },
            { name: 'credentials', mountPath: '/etc/credentials', readOnly: true },
          ],
        },
        spec: {
          volumes: [
            { name: 'data', hostPath: { path: data, type: 'Directory' } },
            { name: 'credentials', secret: { secretName: 'credentials' } },
          ],
        },
      },
    );
    await ends('volumes', 'Succeeded');
    expect(await logOf('volumes')).to.contain('file: hidden');
    expect(await readdir(data)).to.deep.equal(['started']);
  });

  it('lets a Pod wait for what is not there yet, and says what', async () => {
    const data = join(folder, 'later');
    const volumes = [{ name: 'data', hostPath: { path: data, type: 'Directory' } }];
    const volumeMounts = [{ name: 'data', mountPath: data }];
    await createPod('early', { DATA: data }, { main: { volumeMounts }, spec: { volumes } });
    const waiting = await eventually(
      async () => (await podOf('early')).status.containerStatuses?.[0]?.state.waiting ?? false,
    );
    expect(waiting).to.deep.equal({
      reason: 'FailedMount',
      message: `hostPath type check failed: ${data} is not of type Directory`,
    });
    await mkdir(data);
    await ends('early', 'Succeeded');
  });

  const impossible: [string, object, string][] = [
    ['another image', { main: { image: 'test/other:1' } }, "this node has no image 'test/other:1'; it has: "],
    ['a missing program', { main: { image: 'test/none:1' } }, "cannot run '/no/such/program'"],
    ['a command', { main: { command: ['sh'] } }, 'the container has a command'],
    ['restarts', { spec: { restartPolicy: 'OnFailure' } }, 'restartPolicy Never only'],
    [
      'two containers',
      { spec: { containers: ['a', 'b'].map((name) => ({ name, image: 'test/program:1' })) } },
      'Pods of one container',
    ],
    [
      'a folder elsewhere',
      {
        main: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
        spec: { volumes: [{ name: 'data', hostPath: { path: '/tmp' } }] },
      },
      'this node mounts /tmp under its own path only, not at /data',
    ],
    [
      'an emptyDir',
      {
        main: { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
        spec: { volumes: [{ name: 'data', emptyDir: {} }] },
      },
      "no volumes of kind 'emptyDir'",
    ],
    [
      'a Secret that its program would not find',
      {
        main: { volumeMounts: [{ name: 'data', mountPath: '/etc/credentials' }] },
        spec: { volumes: [{ name: 'data', secret: { secretName: 'credentials' } }] },
      },
      'this node cannot put a volume at /etc/credentials',
    ],
  ];
  for (const [what, more, reason] of impossible) {
    it(`refuses a Pod with ${what}, and says so`, async () => {
      const name = `refused-${what.toLowerCase().replace(/ /g, '-')}`;
      await createPod(name, {}, more);
      const { status } = await ends(name, 'Failed');
      expect(status.reason).to.equal('UnsupportedByNode');
      expect(status.message).to.contain(reason);
      expect(await readdir(join(folder, 'pods'))).to.deep.equal([]);
    });
  }

  it('leaves a Pod that is for another node, and says why', async () => {
    await createPod('elsewhere', {}, { spec: { nodeSelector: { 'kubernetes.io/hostname': 'other' } } });
    const condition = await eventually(
      async () => (await podOf('elsewhere')).status.conditions?.find(({ type }) => type === 'PodScheduled') ?? false,
    );
    expect(condition).to.include({ status: 'False' });
    expect(condition.message).to.contain("its label kubernetes.io/hostname is not 'other'");
    await createPod('here', {}, { spec: { nodeSelector: { 'kubernetes.io/hostname': NODE_NAME } } });
    await ends('here', 'Succeeded');
  });

  it('kills a program that does not end within the grace of its deletion', async () => {
    const data = await dataFolder('stubborn');
    await createPod('stubborn', { EXIT: 'wait', STUBBORN: 'yes', DATA: data });
    const pid = await startedIn(data);
    await remove(`/api/v1/namespaces/${namespace}/pods/stubborn`, '&gracePeriodSeconds=1');
    await isGone('stubborn');
    expect(() => process.kill(pid, 0)).to.throw();
  });

  it('ends a program whose Pod was taken away by force', async () => {
    const data = await dataFolder('forced');
    await createPod('forced', { EXIT: 'wait', STUBBORN: 'yes', DATA: data });
    const pid = await startedIn(data);
    await remove(`/api/v1/namespaces/${namespace}/pods/forced`, '&gracePeriodSeconds=0');
    await eventually(() => expect(() => process.kill(pid, 0)).to.throw());
  });

  it('pauses its programs when it stops, and says of those that nobody saw end that they are lost', async () => {
    const data = await dataFolder('long');
    await createJob('long', { EXIT: 'wait', DATA: data });
    await createPod('forgotten', { EXIT: 'wait' });
    await ends('forgotten', 'Running');
    await startedIn(data);
    const [first] = await podsOfJob('long');
    if (first === undefined) throw new Error('the Job has no Pod');
    await node.stop();
    expect((await podOf(first.metadata.name)).status.containerStatuses?.[0]?.state.terminated).to.include({
      exitCode: 75,
    });
    expect(await getTable(controlPlane.api, '/api/v1/nodes')).to.match(/node-of-jobs +NotReady/);
    // As after a kill -9 of the node: its Pod is said to run, and no process of it does.
    const status = { phase: 'Running', containerStatuses: null };
    const path = `/api/v1/namespaces/${namespace}/pods/forgotten/status`;
    const contentType = 'application/merge-patch+json';
    await controlPlane.api.request({ method: 'PATCH', path, contentType, body: { status } });
    node = await run();
    const lost = (await ends('forgotten', 'Failed')).status;
    expect(lost.containerStatuses?.[0]?.state.terminated).to.include({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
    expect(lost.conditions?.find(({ type }) => type === 'DisruptionTarget')?.status).to.equal('True');
    await eventually(async () => (await podsOfJob('long')).some(({ status: { phase } }) => phase === 'Running'), {
      timeoutMs: 30_000,
    });
    expect((await job('long')).status.failed ?? 0).to.equal(0);
  });
});
