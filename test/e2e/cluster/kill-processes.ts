import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eventually } from '@mooring/testing';
import type { Layout } from './layout.ts';
import { clusterProcesses } from './state.ts';

/** Ends a process at once; harmless when it has ended. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** The `kubepods` cgroups, which kubelet makes: one a hierarchy of cgroup v1, or one in all. */
async function podCgroups(): Promise<string[]> {
  const names = await readdir('/sys/fs/cgroup').catch(() => []);
  const roots = ['/sys/fs/cgroup', ...names.map((name) => join('/sys/fs/cgroup', name))];
  const found = await Promise.all(
    roots.map(async (root) => {
      const children = await readdir(root).catch(() => []);
      return children.filter((name) => name === 'kubepods' || name === 'k8s.io').map((name) => join(root, name));
    }),
  );
  return found.flat();
}

/** All cgroups at and below `root`, children first. */
async function cgroupsBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
  return [...(await Promise.all(folders.map(cgroupsBelow))).flat(), root];
}

async function pidsIn(cgroups: readonly string[]): Promise<number[]> {
  const texts = await Promise.all(
    cgroups.map((cgroup) => readFile(join(cgroup, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  return [...new Set(texts.flatMap((text) => text.split('\n').filter(Boolean).map(Number)))];
}

/**
 * Processes of the cache's programs whose arguments name our state: the shims, which containerd leaves behind, and what
 * was started a moment before its starter died. `name`: only that program's.
 */
async function pidsNaming(layout: Layout, name = ''): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  const isOurs = (line: string) => {
    const [program = '', ...args] = line.split('\0');
    if (!program.endsWith(name)) return false;
    return dirname(layout.state) === dirname(dirname(program)) || program.startsWith(`${layout.bin}/`)
      ? args.some((argument) => argument.includes(`${layout.state}/`))
      : false;
  };
  return pids.filter((_, index) => isOurs(lines[index] ?? '')).map(Number);
}

async function killUntilGone(pids: () => Promise<number[]>): Promise<void> {
  const isOver = async () => {
    const left = await pids();
    left.forEach(kill);
    return left.length === 0;
  };
  await eventually(isOver, { timeoutMs: 30_000, intervalMs: 50, what: 'the processes of the cluster have ended' });
}

async function allPodCgroups(): Promise<string[]> {
  return (await Promise.all((await podCgroups()).map(cgroupsBelow))).flat();
}

/** Ends every container and its shim at once, as a power cut does; containerd and kubelet should be gone before. */
export async function killContainers(layout: Layout): Promise<void> {
  await killUntilGone(async () => [
    ...(await pidsNaming(layout, 'containerd-shim-runc-v2')),
    ...(await pidsIn(await allPodCgroups())),
  ]);
}

/** Ends every process of the cluster and removes the Pods' cgroups. */
export async function killAll(layout: Layout): Promise<void> {
  for (const { pid, isRunning } of await clusterProcesses(layout)) if (isRunning) kill(pid);
  await killUntilGone(async () => [...(await pidsNaming(layout)), ...(await pidsIn(await allPodCgroups()))]);
  for (const cgroup of await allPodCgroups()) await rmdir(cgroup).catch(() => undefined);
}
