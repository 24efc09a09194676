import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyManifest, createApiClient, ensureBinaries, eventually, type ApiClient } from '@mooring/testing';
import { nodeBinaryNames, startOnce, waitForLock, type ProcessSpec } from '@mooring/testing/node-parts';
import { prepareMachine, readBefore } from './before.ts';
import { CommandError, run } from './commands.ts';
import { writeImageArchive } from './image-archive.ts';
import { createKeys } from './keys.ts';
import { layoutFor, network, PAUSE_IMAGE, type Layout } from './layout.ts';
import { refusalReasons } from './machine.ts';
import { installPackages, programFromPackage } from './packages.ts';
import * as program from './programs.ts';
import { writeSettings } from './settings.ts';
import { isClusterUp } from './state.ts';
import { removeCluster } from './stop-cluster.ts';

/** This machine cannot run the cluster; `reasons` say why. */
export class MachineRefusedError extends Error {
  readonly reasons: readonly string[];
  constructor(reasons: readonly string[]) {
    super(`failed to start cluster '${network.node}': ${reasons.join('; ')}`);
    this.name = 'MachineRefusedError';
    this.reasons = reasons;
  }
}

type Log = (line: string) => void;

/** Processes outlive this one; `cluster:down` ends them from their pid files. */
export const noWatchdog = { watch: () => undefined, stop: () => Promise.resolve() };

/** Without a mirror of Debian in reach the machine cannot, which is no failure of ours. */
function refusePackages(error: unknown): never {
  if (!(error instanceof CommandError)) throw error;
  throw new MachineRefusedError([error.message]);
}

async function findPrograms(layout: Layout, log: Log): Promise<Record<string, string>> {
  await installPackages(log).catch(refusePackages);
  const built = await ensureBinaries(
    [...nodeBinaryNames, 'etcd', 'kube-apiserver', 'kube-controller-manager', 'helm'],
    {
      log,
    },
  );
  const programs: Record<string, string> = {
    ...built,
    registry: await programFromPackage('docker-registry', 'usr/bin/docker-registry').catch(refusePackages),
    busybox: await programFromPackage('busybox-static', 'bin/busybox').catch(refusePackages),
  };
  await mkdir(layout.bin, { recursive: true });
  for (const [name, path] of Object.entries(programs)) await symlink(path, join(layout.bin, name));
  return programs;
}

async function importPause(layout: Layout, programs: Record<string, string>): Promise<void> {
  const image = { name: PAUSE_IMAGE, program: programs['busybox'] ?? '', file: 'busybox', args: ['sleep', 'infinity'] };
  const archive = await writeImageArchive(join(layout.state, 'pause'), image);
  await run(programs['ctr'] ?? '', ['-a', layout.containerdSocket, '-n', 'k8s.io', 'images', 'import', archive]);
}

const dnsService = `
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec:
  clusterIP: ${network.dnsIp}
  ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53, protocol: TCP }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: kube-dns-host, namespace: kube-system, labels: { kubernetes.io/service-name: kube-dns } }
addressType: IPv4
ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53, protocol: TCP }]
endpoints: [{ addresses: [${network.nodeIp}], conditions: { ready: true } }]
`;

async function waitForNode(api: ApiClient): Promise<void> {
  interface Node {
    status: { conditions?: { type: string; status: string }[] };
  }
  const isReady = async () => {
    const node = await api.request<Node>({ path: `/api/v1/nodes/${network.node}` });
    return node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  };
  await eventually(isReady, { timeoutMs: 90_000, intervalMs: 100, what: `node ${network.node} is Ready` });
  const account = { path: '/api/v1/namespaces/default/serviceaccounts/default' };
  await eventually(() => api.request(account), { timeoutMs: 30_000, what: 'the default ServiceAccount' });
}

async function startPrograms(layout: Layout, log: Log): Promise<void> {
  const programs = await findPrograms(layout, log);
  const startedAt = performance.now();
  const lap = (what: string) => {
    log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${what}`);
  };
  await writeFile(layout.beforeFile, JSON.stringify(await readBefore()));
  await prepareMachine();
  await run('ip', ['link', 'add', network.nodeBridge, 'type', 'bridge']);
  await run('ip', ['address', 'replace', `${network.nodeIp}/32`, 'dev', network.nodeBridge]);
  await run('ip', ['link', 'set', network.nodeBridge, 'up']);
  const keys = await createKeys(layout);
  const settings = await writeSettings(layout, keys);
  const { caCertificate, admin } = keys;
  const api = createApiClient({ server: network.apiServer, caCertificate, ...admin });
  const input = { layout, keys, settings, programs, api };
  const start = startOnce({ logFolder: layout.logs, runFolder: layout.run, watchdog: noWatchdog });
  const startAll = (specs: ProcessSpec[]) => Promise.all(specs.map((one) => start(one)));
  lap('keys and settings');
  await startAll([
    ...[program.containerd(input), program.registry(input)],
    ...[program.etcd(input), program.apiServer(input)],
  ]);
  lap('containerd, registry, kube-apiserver');
  await importPause(layout, programs);
  await startAll([program.controllerManager(input), program.scheduler(input), program.kubelet(input)]);
  await startAll([program.proxy(input), program.coredns(input)]);
  await applyManifest(api, dnsService);
  await waitForNode(api);
  lap('node Ready');
  api.close();
}

async function startAnew(layout: Layout, log: Log): Promise<void> {
  // What a start or a machine that died has left.
  await removeCluster(layout);
  const reasons = await refusalReasons();
  if (reasons.length > 0) throw new MachineRefusedError(reasons);
  await mkdir(layout.state, { recursive: true });
  try {
    await startPrograms(layout, log);
    await writeFile(layout.readyFile, '');
  } catch (error) {
    await removeCluster(layout);
    throw error;
  }
}

/**
 * Brings the one-node cluster up, and resolves once its node is Ready; builds and installs what is missing first.
 * Does nothing where it is up already. Throws MachineRefusedError where the machine cannot; then, and after any other
 * failure, nothing of it is left. Returns whether it was this call that started it.
 */
export async function startCluster(log: Log): Promise<{ layout: Layout; isNew: boolean }> {
  const layout = layoutFor();
  await mkdir(join(layout.state, '..'), { recursive: true });
  const lock = await waitForLock(layout.lockFile, () => {
    log('another cluster:up or cluster:down is at work; waiting for it …');
  });
  try {
    if (await isClusterUp(layout)) return { layout, isNew: false };
    await startAnew(layout, log);
    return { layout, isNew: true };
  } finally {
    await lock.release();
  }
}
