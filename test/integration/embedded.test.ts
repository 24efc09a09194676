import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_VERSION, type Backup, type BackupTarget, type ResourceType, resources } from '@mooring/api';
import { isNotFound, KubeClient } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { expect } from 'chai';

const program = fileURLToPath(new URL('../../shared/testing/src/start.ts', import.meta.url));

/** The content of the ready file, as documented. */
interface Ready {
  kubeconfig: string;
  namespace: string;
  services: Record<string, { pid: number; healthUrl: string; metricsUrl: string }>;
}

interface Started {
  child: ChildProcess;
  ended: Promise<number | null>;
  output(): string;
}

interface Named {
  metadata: { name: string; uid: string };
}

const SERVICES = [
  'backup-controller',
  'mutating-webhook',
  'target-controller',
  'validating-webhook',
  'volume-controller',
];
const START_TIMEOUT_MS = 90_000;
const namespaceObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'longhorn-system' } };

function targetObject(name: string, backupTargetURL: string): BackupTarget {
  const metadata = { name, namespace: 'longhorn-system' };
  return { apiVersion: API_VERSION, kind: 'BackupTarget', metadata, spec: { backupTargetURL, pollInterval: '0s' } };
}

describe('npm start', function () {
  this.timeout(120_000);

  let folder: string;
  let dataDir: string;
  let readyFile: string;
  let current: Started;
  let server = '';
  let uids: string[] = [];

  function start(): Started {
    const child = spawn(process.execPath, [program, '--data-dir', dataDir, '--ready-file', readyFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, ended, output: () => text };
  }

  async function ready(started: Started): Promise<Ready> {
    const hasEnded = started.ended.then(() => {
      throw new Error(`failed to start '${program}': it ended; it said: ${started.output()}`);
    });
    const appears = eventually(async () => JSON.parse(await readFile(readyFile, 'utf8')) as Ready, {
      timeoutMs: START_TIMEOUT_MS,
    });
    return Promise.race([appears, hasEnded]);
  }

  /** Command lines that name the data folder; zombies have none. */
  async function processesOfFolder(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
    const commands = pids.map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
    return commands.filter((command) => command.includes(dataDir));
  }

  async function objects(plural: string): Promise<Named[]> {
    const { kubeconfig, namespace } = JSON.parse(await readFile(readyFile, 'utf8')) as Ready;
    const kube = await KubeClient.fromKubeconfig(kubeconfig);
    const path = `/apis/longhorn.io/v1beta2/namespaces/${namespace}/${plural}`;
    const list = await kube.request<{ items: Named[] }>({ method: 'GET', path });
    kube.close();
    return list.items;
  }

  const names = (list: Named[]) => list.map(({ metadata }) => metadata.name);

  /** Makes a volume over the sample's disk, and a backup of it that waits: someone else deletes from the store just then. */
  async function beginBackup(lock: string): Promise<void> {
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, '{"Name":"lock-other","Type":2,"Acquired":true}');
    const kube = await KubeClient.fromKubeconfig(join(dataDir, 'kubeconfig'));
    const source = { file: { path: join(dataDir, 'sample', 'disk.img') } };
    const create = (type: ResourceType, spec: object, named: { name: string; labels?: Record<string, string> }) => {
      const metadata = { namespace: 'longhorn-system', ...named };
      return kube.create(type, { apiVersion: API_VERSION, kind: type.kind, metadata, spec });
    };
    await create(resources.volumes, { size: '33554432', backupTargetName: 'again', source }, { name: 'disk' });
    await create(resources.snapshots, { volume: 'disk', createSnapshot: true }, { name: 'late' });
    const labels = { 'backup-target': 'again', 'backup-volume': 'disk' };
    await create(resources.backups, { snapshotName: 'late' }, { name: 'late', labels });
    await eventually(
      async () => {
        const ref = { namespace: 'longhorn-system', name: 'late' };
        const { status } = await kube.get<Backup>(resources.backups, ref);
        expect(status?.messages?.['info'] ?? '').to.contain('lock');
      },
      { timeoutMs: 30_000 },
    );
    kube.close();
  }

  async function backupState(name: string): Promise<string | undefined> {
    const kube = await KubeClient.fromKubeconfig(join(dataDir, 'kubeconfig'));
    const { status } = await kube.get<Backup>(resources.backups, { namespace: 'longhorn-system', name });
    kube.close();
    return status?.state;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-embedded-'));
    dataDir = join(folder, 'data');
    readyFile = join(folder, 'ready.json');
    current = start();
    await ready(current);
  });

  after(async () => {
    current.child.kill('SIGTERM');
    await current.ended;
    await rm(folder, { recursive: true, force: true });
  });

  it('writes a ready file with every service, each healthy', async () => {
    const { services, namespace, kubeconfig } = await ready(current);
    expect(namespace).to.equal('longhorn-system');
    expect(kubeconfig).to.equal(join(dataDir, 'kubeconfig'));
    expect(Object.keys(services)).to.deep.equal(SERVICES);
    for (const { pid, healthUrl, metricsUrl } of Object.values(services)) {
      expect((await fetch(healthUrl)).status).to.equal(200);
      expect(await (await fetch(metricsUrl)).text()).to.contain('# TYPE');
      expect(() => process.kill(pid, 0)).not.to.throw();
    }
    server = (JSON.parse(await readFile(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] })
      .clusters[0]!.cluster.server;
  });

  it('backs up a volume of the sample, changes it, backs up what changed, and restores both', async () => {
    await eventually(() => expect(current.output()).to.contain('both backups were restored beside it'), {
      timeoutMs: 90_000,
    });
    const at = (name: string) => readFile(join(dataDir, 'sample', name));
    const [disk, first, second] = [
      await at('disk.img'),
      await at('restored-first.img'),
      await at('restored-second.img'),
    ];
    expect(second.equals(disk)).to.equal(true);
    expect(first.equals(await at('disk.img.snapshots/sample-first.img'))).to.equal(true);
    expect(first.equals(second)).to.equal(false);
    expect(current.output()).to.match(/get volumes .*\nNAME .*\n(.*\n)*sample-second-restored +\S+ +sample-second /);
    expect(current.output()).to.match(/sample-second .* sample +Completed +True/);
    expect(await readdir(join(dataDir, 'logs', 'pods'))).to.have.length(6);
    expect(await readdir(join(dataDir, 'node', 'pods'))).to.deep.equal([]);
  });

  it('makes the sample: two targets, the volumes and backups of the store', async () => {
    expect(names(await objects('backuptargets'))).to.include.members(['sample', 'empty']);
    expect(await objects('backupvolumes')).to.have.length(6);
    const backups = await objects('backups');
    expect(names(backups)).to.include.members(['backup-aaaaaaaaaaaa0001', 'sample-first', 'sample-second']);
    uids = backups.map(({ metadata }) => metadata.uid).sort();
  });

  it('prints tables, the kubeconfig and what to try', async () => {
    await eventually(() => expect(current.output()).to.contain('Try:'));
    expect(current.output()).to.match(/get backuptargets\nNAME .*\n(.*\n)*sample .*true/);
    expect(current.output()).to.contain(join(dataDir, 'kubeconfig'));
  });

  it('gives each service the rights of its own ServiceAccount only', async () => {
    const kube = await KubeClient.fromKubeconfig(join(dataDir, 'services', 'backup-controller', 'kubeconfig'));
    const review = await kube.request<{ status: { userInfo: { username: string } } }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    expect(review.status.userInfo.username).to.equal('system:serviceaccount:mooring-system:mooring-backup-controller');
    const failure = await kube.request({ method: 'GET', path: '/api/v1/secrets' }).catch((error: unknown) => error);
    expect(failure).to.have.property('status', 403);
    kube.close();
  });

  it('refuses a second start on the same folder and names the process that has it', async () => {
    const second = start();
    expect(await second.ended).to.equal(1);
    expect(second.output()).to.contain(`process ${String(current.child.pid)} runs in it`);
    expect(second.output()).to.contain('--data-dir');
  });

  it('starts a killed service again, says so, and renews the ready file', async () => {
    const { pid } = (await ready(current)).services['target-controller']!;
    process.kill(pid, 'SIGKILL');
    const renewed = await eventually(
      async () => {
        const found = (await ready(current)).services['target-controller']!;
        return found.pid !== pid && found;
      },
      { timeoutMs: 30_000 },
    );
    expect((await fetch(renewed.healthUrl)).status).to.equal(200);
    expect(current.output()).to.contain(`target-controller (process ${String(pid)}) was ended by SIGKILL`);
  });

  it("comes back when the objects' namespace was deleted and made again", async () => {
    const kube = await KubeClient.fromKubeconfig(join(dataDir, 'kubeconfig'));
    const path = '/api/v1/namespaces/longhorn-system';
    await kube.request({ method: 'DELETE', path });
    const isGone = async () => kube.request({ method: 'GET', path }).then(() => false, isNotFound);
    await eventually(isGone, { timeoutMs: 60_000 });
    await kube.request({ method: 'POST', path: '/api/v1/namespaces', body: namespaceObject });
    // The chart's Roles are back, so target-controller may read the Secrets there, and the default target is made.
    const url = `vfs://${join(dataDir, 'sample-store')}`;
    await eventually(async () => (await objects('backuptargets')).length === 1, { timeoutMs: 30_000 });
    await kube.create(resources.backupTargets, targetObject('again', url));
    await eventually(async () => (await objects('backups')).length === uids.length, { timeoutMs: 30_000 });
    expect(current.output()).to.contain("namespace 'longhorn-system' was made again");
    const bindingsPath = '/apis/rbac.authorization.k8s.io/v1/namespaces/longhorn-system/rolebindings';
    await eventually(async () => {
      const { items } = await kube.request<{ items: Named[] }>({ method: 'GET', path: bindingsPath });
      return items.some(({ metadata }) => metadata.name === 'mooring-target-controller-objects');
    });
    uids = (await objects('backups')).map(({ metadata }) => metadata.uid).sort();
    kube.close();
  });

  it('leaves no process behind after kill -9, not even a mover, and the next start resumes on the same address', async () => {
    const lock = join(dataDir, 'sample-store/backupstore/volumes/fc/90/disk/locks/lock-other.lck');
    await beginBackup(lock);
    expect((await processesOfFolder()).filter((command) => command.includes('mover.mjs'))).to.have.length(1);
    current.child.kill('SIGKILL');
    await current.ended;
    await eventually(async () => (await processesOfFolder()).length === 0, { timeoutMs: 30_000 });
    current = start();
    const { kubeconfig } = await eventually(
      async () => {
        expect(current.output()).to.contain('Mooring is ready');
        return ready(current);
      },
      { timeoutMs: START_TIMEOUT_MS },
    );
    expect(await readFile(kubeconfig, 'utf8')).to.contain(server);
    expect(current.output()).to.contain('did not end properly; taking over');
    // A backup that is under way does not hold up the start.
    expect(current.output()).not.to.contain('failed to');
    expect((await objects('backups')).map(({ metadata }) => metadata.uid)).to.include.members(uids);
    // The backup that was under way goes on.
    await rm(lock);
    await eventually(async () => expect(await backupState('late')).to.equal('Completed'), { timeoutMs: 60_000 });
  });

  it('stops everything on SIGTERM and takes the ready file away', async () => {
    current.child.kill('SIGTERM');
    expect(await current.ended).to.equal(0);
    expect(await processesOfFolder()).to.deep.equal([]);
    expect(
      await access(readyFile).then(
        () => true,
        () => false,
      ),
    ).to.equal(false);
    expect(await readdir(join(dataDir, 'run'))).to.deep.equal([]);
    expect(await readdir(dataDir)).not.to.include('lock');
  });
});
