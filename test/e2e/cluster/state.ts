import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, parseIdentity } from '@mooring/testing/node-parts';
import type { Layout } from './layout.ts';

/** A process of the cluster. */
export interface ClusterProcess {
  name: string;
  pid: number;
  isRunning: boolean;
}

/** The processes that pid files know; empty when there is no cluster. */
export async function clusterProcesses(layout: Layout): Promise<ClusterProcess[]> {
  const names = (await readdir(layout.run).catch(() => [])).filter((name) => name.endsWith('.pid'));
  const processes = await Promise.all(
    names.map(async (file) => {
      const identity = parseIdentity(await readFile(join(layout.run, file), 'utf8').catch(() => ''));
      if (identity === undefined) return [];
      return [{ name: file.slice(0, -'.pid'.length), pid: identity.pid, isRunning: isRunning(identity) }];
    }),
  );
  return processes.flat();
}

/** The processes that make a cluster. */
const NEEDED = [
  ...['containerd', 'registry', 'etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
  ...['kubelet', 'kube-proxy', 'coredns'],
];

/** True when `cluster:up` has ended well and every process it started still runs. */
export async function isClusterUp(layout: Layout): Promise<boolean> {
  const isReady = await access(layout.readyFile).then(
    () => true,
    () => false,
  );
  const processes = await clusterProcesses(layout);
  return isReady && NEEDED.every((name) => processes.some((one) => one.name === name && one.isRunning));
}
