import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '@mooring/testing';
import { findOnPath, isPortFree, locateBinary, nodeBinaryNames } from '@mooring/testing/node-parts';
import { run } from './commands.ts';
import { network } from './layout.ts';
import { missingPackages } from './packages.ts';

/** Programs of another node: its kubelet and ours would share fixed paths and cgroups. */
const FOREIGN = new Set(['kubelet', 'containerd', 'kube-proxy', 'k3s', 'crio']);

/** The cluster's programs take 1.3 GB, Mooring and its stores the rest. */
const MIN_MEMORY_BYTES = 3 * 1024 ** 3;

/** Programs 1.2 GB, images 0.5 GB, Go's build cache up to 4 GB. */
const MIN_DISK_BYTES = 8 * 1024 ** 3;

async function runningPrograms(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return names.map((name) => name.trim());
}

async function foreignNode(): Promise<string[]> {
  const found = [...new Set(await runningPrograms())].filter((name) => FOREIGN.has(name));
  const reasons = found.map((name) => `a ${name} runs on this machine already`);
  for (const port of [network.ports.apiServer, network.ports.etcdClient, network.ports.registry]) {
    if (!(await isPortFree(port))) reasons.push(`port ${String(port)} is taken`);
  }
  return reasons;
}

/** Whether `attempt` works; `what` says what the kernel, or the container around us, would not do. */
async function refusal(what: string, attempt: () => Promise<unknown>): Promise<string[]> {
  return attempt().then(
    () => [],
    () => [what],
  );
}

/** Every right that a node takes, tried: a container often runs as root without them. */
async function missingRights(): Promise<string[]> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'probe-'));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  try {
    await Promise.all([lower, upper, work, merged].map((path) => mkdir(path)));
    const overlay = `mount -t overlay -o lowerdir=${lower},upperdir=${upper},workdir=${work} overlay ${merged}`;
    const outcomes = [
      await refusal('overlay file systems cannot be mounted', () =>
        run('unshare', ['--mount', '--net', 'sh', '-c', overlay]),
      ),
      await refusal('/proc/sys/net cannot be written', () =>
        access('/proc/sys/net/ipv4/ip_forward', constants.W_OK).then(() =>
          run('unshare', ['--net', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']),
        ),
      ),
      await refusal('cgroups cannot be made', makeCgroup),
      await refusal('network bridges cannot be made', () =>
        run('unshare', ['--net', 'ip', 'link', 'add', 'probe', 'type', 'bridge']),
      ),
    ];
    return outcomes.flat();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeCgroup(): Promise<void> {
  const roots = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  const v1 = await access(roots[0] ?? '').then(
    () => true,
    () => false,
  );
  const probe = join(v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', 'mooring-probe');
  await run('mkdir', [probe]);
  await run('rmdir', [probe]);
}

async function shortage(): Promise<string[]> {
  const reasons: string[] = [];
  // MemAvailable counts what caches would give back; freemem does too on Linux.
  if (freemem() < MIN_MEMORY_BYTES) reasons.push('less than 3 GiB of memory are free');
  const disk = await statfs(cacheFolder());
  if (disk.bavail * disk.bsize < MIN_DISK_BYTES) reasons.push(`less than 8 GiB are free below '${cacheFolder()}'`);
  return reasons;
}

function canProvideBinaries(): boolean {
  return findOnPath('go') !== undefined || nodeBinaryNames.every((name) => locateBinary(name) !== undefined);
}

/**
 * Why this machine cannot run the one-node cluster, in plain words; empty when it can. Nothing is changed. Packages
 * that apt-get can install are no reason.
 */
export async function refusalReasons(): Promise<string[]> {
  if (process.platform !== 'linux') return [`it takes Linux, this is ${process.platform}`];
  if (process.getuid?.() !== 0) return ['it takes root: a kubelet mounts, and makes network devices and cgroups'];
  const missing = await missingPackages();
  if (!canProvideBinaries()) return ['its programs are not built yet, and Go is not installed'];
  const hasApt = await access('/usr/bin/apt-get', constants.X_OK).then(
    () => true,
    () => false,
  );
  if (missing.length > 0 && !hasApt)
    return [`these programs' packages are missing, and so is apt-get: ${missing.join(' ')}`];
  return [...(await foreignNode()), ...(await missingRights()), ...(await shortage())];
}
