import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '@mooring/runtime';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { applyManifest, applyObjects, type ApplyOptions } from './kube/apply.ts';
import { readCrds } from './kube/chart.ts';
import type { KubeManifest } from './kube/resources.ts';
import { onRunEnd } from './run-end.ts';
import { startS3, type S3Server } from './stores/s3.ts';

/** The control plane that all tests of one run share, with our CRDs installed. */
export interface SharedControlPlane extends ControlPlane {
  /** The runtime's client with the admin's credentials. */
  kube: KubeClient;
  /** Server-side applies YAML, as `kubectl apply --server-side` would. */
  apply: (yamlText: string, options?: ApplyOptions) => Promise<KubeManifest[]>;
}

/** A namespace of one test. */
export interface TestNamespace {
  name: string;
  /** Asks for its deletion and does not wait. */
  delete: () => Promise<void>;
}

/** A new folder under the system's temporary one, removed when the test run ends. */
export async function temporaryFolder(label: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `mooring-${label}-`));
  onRunEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function startShared(): Promise<SharedControlPlane> {
  const controlPlane = await startControlPlane({ dataDir: await temporaryFolder('control-plane') });
  onRunEnd(() => controlPlane.stop());
  const runtime = await import('@mooring/runtime');
  const kube = await runtime.KubeClient.fromKubeconfig(controlPlane.kubeconfig);
  onRunEnd(() => {
    kube.close();
    return Promise.resolve();
  });
  await applyObjects(controlPlane.api, await readCrds());
  return { ...controlPlane, kube, apply: (text, options) => applyManifest(controlPlane.api, text, options) };
}

let sharedControl: Promise<SharedControlPlane> | undefined;
let sharedStore: Promise<S3Server> | undefined;

/**
 * The run's control plane: started at the first call (3 s; give that hook a timeout of a minute), stopped by the root
 * hook. Tests keep apart by namespaces (`testNamespace`); who needs cluster-wide settings starts a control plane.
 */
export function sharedControlPlane(): Promise<SharedControlPlane> {
  sharedControl ??= startShared();
  return sharedControl;
}

/** The run's S3 server, started at the first call and stopped by the root hook. Tests keep apart by buckets. */
export function sharedS3(): Promise<S3Server> {
  sharedStore ??= temporaryFolder('s3').then(async (root) => {
    const server = await startS3({ root });
    onRunEnd(() => server.stop());
    return server;
  });
  return sharedStore;
}

/** Makes a namespace with a name of its own in the shared control plane. */
export async function testNamespace(label = 'test'): Promise<TestNamespace> {
  const { api } = await sharedControlPlane();
  const name = `${label}-${randomBytes(4).toString('hex')}`;
  await api.request({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  });
  return {
    name,
    delete: async () => {
      await api.request({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
    },
  };
}
