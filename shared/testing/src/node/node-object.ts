import { arch, cpus, hostname, release, totalmem } from 'node:os';
import type { ApiClient } from '../kube/api-client.ts';
import { applyObjects } from '../kube/apply.ts';
import { now } from './pod-process.ts';

/** What Node calls an architecture, as Kubernetes does. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Pods that a kubelet takes by default. */
const MAX_PODS = '110';

const PRESSURES = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

const READY = 'Pods run as processes of this machine';

/** Labels of the node, those that a kubelet sets itself. */
export function nodeLabels(name: string): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': process.platform,
    'kubernetes.io/arch': ARCHITECTURES[arch()] ?? arch(),
  };
}

/** Makes the Node object, or takes up the one of an earlier start, and says that it is Ready. */
export async function registerNode(api: ApiClient, name: string): Promise<void> {
  const metadata = { name, labels: nodeLabels(name) };
  await applyObjects(api, [{ apiVersion: 'v1', kind: 'Node', metadata }], { fieldManager: 'mooring-node' });
  const path = `/api/v1/nodes/${name}`;
  const contentType = 'application/merge-patch+json';
  const { gitVersion } = await api.request<{ gitVersion: string }>({ path: '/version' });
  await api.request({
    method: 'PATCH',
    path: `${path}/status`,
    contentType,
    body: { status: nodeStatus(gitVersion) },
  });
  // The API server marks a new node as not ready; the controller that takes the mark away does not run here.
  await api.request({ method: 'PATCH', path, contentType, body: { spec: { taints: null } } });
}

/** Says that nobody runs the node's Pods any more. */
export async function retireNode(api: ApiClient, name: string): Promise<void> {
  const message = 'the process that ran the Pods has stopped';
  const condition = nodeCondition({ type: 'Ready', status: 'False', reason: 'NodeStopped', message });
  await api.request({
    method: 'PATCH',
    path: `/api/v1/nodes/${name}/status`,
    contentType: 'application/strategic-merge-patch+json',
    body: { status: { conditions: [condition] } },
  });
}

function nodeStatus(version: string): object {
  const size = { cpu: String(cpus().length), memory: `${String(Math.floor(totalmem() / 1_024))}Ki`, pods: MAX_PODS };
  return {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: hostname() },
    ],
    conditions: [
      ...PRESSURES.map((type) =>
        nodeCondition({ type, status: 'False', reason: 'NotWatched', message: 'this node does not look' }),
      ),
      nodeCondition({ type: 'Ready', status: 'True', reason: 'NodeReady', message: READY }),
    ],
    nodeInfo: {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      operatingSystem: process.platform,
      osImage: process.platform,
      kernelVersion: release(),
      containerRuntimeVersion: `process://${process.version}`,
      kubeletVersion: `${version}-mooring`,
      kubeProxyVersion: '',
      machineID: '',
      systemUUID: '',
      bootID: '',
    },
  };
}

function nodeCondition(condition: { type: string; status: 'True' | 'False'; reason: string; message: string }): object {
  return { ...condition, lastHeartbeatTime: now(), lastTransitionTime: now() };
}
