/** A control plane of its own with the real helm, and the chart's values for the stand-in node. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ResourceType } from '@mooring/api';
import { coreResources, KubeClient } from '@mooring/runtime';
import {
  type ControlPlane,
  ensureBinaries,
  eventually,
  freePort,
  startControlPlane,
  temporaryFolder,
} from '@mooring/testing';
import { repositoryFolder } from './admission-cluster.ts';
import { type HookRun, LifecycleNode, runCli } from './lifecycle-node.ts';

/** Namespace of the objects. */
export const OBJECTS = 'longhorn-system';
/** Namespace of the release. */
export const RELEASE = 'mooring-system';

/** A cluster to install into. */
export interface LifecycleCluster {
  readonly plane: ControlPlane;
  readonly kube: KubeClient;
  readonly node: LifecycleNode;
  /** Runs helm; resolves with what it printed. Throws execFile's error, with `stderr`, when it fails. */
  helm(...args: string[]): Promise<string>;
  /** `helm install`, with the values for this cluster and some more; of a copy of the chart, if given. */
  install(release?: string, ...more: string[]): Promise<string>;
  upgrade(release?: string, ...more: string[]): Promise<string>;
  /** Runs the command line as the administrator. */
  cli(...args: string[]): Promise<HookRun>;
  get<T>(type: ResourceType, name: string, namespace?: string): Promise<T | undefined>;
  /** Waits until the namespace is gone. */
  namespaceGone(name: string): Promise<void>;
  stop(): Promise<void>;
}

const run = promisify(execFile);

/** Starts it; nothing is installed. */
export async function startLifecycleCluster(options: { runsServices: boolean }): Promise<LifecycleCluster> {
  const { helm } = await ensureBinaries(['helm']);
  const folder = await temporaryFolder('lifecycle');
  const plane = await startControlPlane({ dataDir: folder });
  const kube = await KubeClient.fromKubeconfig(plane.kubeconfig);
  const webhookPorts = { 'mutating-webhook': await freePort(), 'validating-webhook': await freePort() };
  const node = await LifecycleNode.start({
    plane,
    namespace: RELEASE,
    objectNamespace: OBJECTS,
    webhookPorts,
    ...options,
  });
  const env = {
    PATH: process.env['PATH'] ?? '',
    // helm keeps what the API server serves below it, or in the checkout.
    HOME: folder,
    KUBECONFIG: plane.kubeconfig,
    HELM_CACHE_HOME: join(folder, 'helm'),
    HELM_CONFIG_HOME: join(folder, 'helm'),
    HELM_DATA_HOME: join(folder, 'helm'),
  };
  const call = async (...args: string[]): Promise<string> =>
    (await run(helm, ['--namespace', RELEASE, ...args], { env })).stdout;
  const values = [
    ...['--set-json', 'allowedSchemes=["s3","vfs"]'],
    ...['--set', `webhooks.mutating.url=https://127.0.0.1:${String(webhookPorts['mutating-webhook'])}`],
    ...['--set', `webhooks.validating.url=https://127.0.0.1:${String(webhookPorts['validating-webhook'])}`],
  ];
  const chart = join(repositoryFolder, 'charts/mooring');
  const get = <T>(type: ResourceType, name: string, namespace?: string): Promise<T | undefined> =>
    kube.find<T>(type, { namespace, name });
  return {
    plane,
    kube,
    node,
    helm: call,
    install: (release = 'mooring', ...more) =>
      call('install', release, chart, '--create-namespace', ...values, ...more),
    upgrade: (release = 'mooring', ...more) => call('upgrade', release, chart, ...values, ...more),
    cli: (...args) => runCli(args, plane.kubeconfig),
    get,
    namespaceGone: async (name) => {
      const isGone = async (): Promise<boolean> => (await get(coreResources.namespaces, name)) === undefined;
      await eventually(isGone, { timeoutMs: 60_000, what: `namespace ${name} gone` });
    },
    stop: async () => {
      await node.stop();
      kube.close();
      await plane.stop();
    },
  };
}

/** What helm says when it fails. Throws when it does not. */
export async function helmError(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('failed to see helm fail');
  return String((error as { stderr?: string }).stderr);
}

/** One hash over the names and bytes of all files below a folder, and how many there are. */
export async function digest(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(await readFile(file));
  return `${String(files.length)} files ${hash.digest('hex')}`;
}
