import { join } from 'node:path';
import { cacheFolder } from '@mooring/testing';

/** Where the one-node cluster keeps everything. One a machine: kubelet, containerd and CNI use some fixed paths. */
export interface Layout {
  /** Keys, settings, logs, etcd, containers: thrown away by `cluster:down`. */
  state: string;
  /** Programs under the names by which others look for them (`containerd-shim-runc-v2`). */
  bin: string;
  pki: string;
  logs: string;
  /** One `<name>.pid` a process. */
  run: string;
  containerdSocket: string;
  /** The administrator's. */
  kubeconfig: string;
  /** Written last by `cluster:up`. */
  readyFile: string;
  /** What the machine was like before, so that it can be so again. */
  beforeFile: string;
  /** Held while the cluster goes up or down; beside the state, which goes. */
  lockFile: string;
  /** The registry's blobs: kept, so that the next start pulls what is there. */
  registry: string;
}

/** The layout below the cache folder that `npm start` uses too. */
export function layoutFor(cache = cacheFolder()): Layout {
  const state = join(cache, 'cluster');
  return {
    state,
    bin: join(state, 'bin'),
    pki: join(state, 'pki'),
    logs: join(state, 'logs'),
    run: join(state, 'run'),
    containerdSocket: join(state, 'containerd.sock'),
    kubeconfig: join(state, 'admin.kubeconfig'),
    readyFile: join(state, 'ready'),
    beforeFile: join(state, 'before.json'),
    lockFile: join(cache, 'cluster.lock'),
    registry: join(cache, 'registry'),
  };
}

/** Fixed names and addresses. The node's address is on a bridge of its own, so it is the same on each machine. */
export const network = {
  node: 'mooring-node',
  nodeIp: '10.201.0.1',
  nodeBridge: 'mooring0',
  podBridge: 'cni0',
  podCidr: '10.244.0.0/24',
  serviceCidr: '10.96.0.0/24',
  dnsIp: '10.96.0.10',
  apiServiceIp: '10.96.0.1',
  ports: { apiServer: 16443, etcdClient: 23790, etcdPeer: 23800, registry: 5000 },
  apiServer: 'https://10.201.0.1:16443',
  registry: '127.0.0.1:5000',
} as const;

/** The sandbox image: it holds a Pod's namespaces. */
export const PAUSE_IMAGE = 'localhost/pause:1';
