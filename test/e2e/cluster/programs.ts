import { join } from 'node:path';
import type { ApiClient } from '@mooring/testing';
import { etcdSpec, type ProcessSpec } from '@mooring/testing/node-parts';
import { run } from './commands.ts';
import type { ClusterKeys } from './keys.ts';
import { network, type Layout } from './layout.ts';
import type { SettingsFiles } from './settings.ts';

/** What the command lines are made from. */
export interface ProgramInput {
  layout: Layout;
  keys: ClusterKeys;
  settings: SettingsFiles;
  /** Path by program. */
  programs: Record<string, string>;
  /** As the administrator. */
  api: ApiClient;
}

const READY_TIMEOUT_MS = 60_000;

/** State is thrown away, so nothing gets time for a clean end: etcd and others take 5 s and more on SIGTERM. */
const GRACE_MS = 0;

const always = () => Promise.resolve(true);

function spec(input: ProgramInput, name: string, rest: Partial<ProcessSpec> & Pick<ProcessSpec, 'args'>): ProcessSpec {
  const command = input.programs[name];
  if (command === undefined) throw new Error(`failed to find program '${name}'`);
  // kubelet looks for mount and conntrack, containerd for its shim and runc.
  const path = [input.layout.bin, '/usr/sbin', '/usr/bin', '/sbin', '/bin', process.env['PATH'] ?? ''].join(':');
  const env = { ...process.env, PATH: path };
  return { name, command, env, isReady: always, readyTimeoutMs: READY_TIMEOUT_MS, graceMs: GRACE_MS, ...rest };
}

const { nodeIp, ports } = network;

/** containerd, with its own socket and folders. */
export function containerd(input: ProgramInput): ProcessSpec {
  const { containerdSocket } = input.layout;
  return spec(input, 'containerd', {
    args: ['--config', input.settings.containerd, '--address', containerdSocket],
    isReady: () => run(input.programs['ctr'] ?? '', ['-a', containerdSocket, 'version']).then(() => true),
  });
}

/** A registry on loopback: pushes and pulls move only new layers (0.14 s, against 7 s of an import). */
export function registry(input: ProgramInput): ProcessSpec {
  return spec(input, 'registry', {
    args: ['serve', input.settings.registry],
    isReady: async () => (await fetch(`http://${network.registry}/v2/`)).ok,
  });
}

/** etcd as in the tests' control plane. */
export function etcd(input: ProgramInput): ProcessSpec {
  const command = input.programs['etcd'] ?? '';
  const common = { dataDir: input.layout.state, pki: input.keys, ports, isDurable: false };
  return { ...etcdSpec(command, common), graceMs: GRACE_MS };
}

/** kube-apiserver on the node's own address. */
export function apiServer(input: ProgramInput): ProcessSpec {
  const { keys } = input;
  return spec(input, 'kube-apiserver', {
    args: [
      `--bind-address=${nodeIp}`,
      `--advertise-address=${nodeIp}`,
      `--secure-port=${String(ports.apiServer)}`,
      `--tls-cert-file=${keys.serverCertFile}`,
      `--tls-private-key-file=${keys.serverKeyFile}`,
      `--client-ca-file=${keys.caFile}`,
      `--etcd-servers=https://127.0.0.1:${String(ports.etcdClient)}`,
      `--etcd-cafile=${keys.etcdCaFile}`,
      `--etcd-certfile=${keys.etcdCertFile}`,
      `--etcd-keyfile=${keys.etcdKeyFile}`,
      `--kubelet-client-certificate=${keys.kubeletClientCertFile}`,
      `--kubelet-client-key=${keys.kubeletClientKeyFile}`,
      `--kubelet-certificate-authority=${keys.caFile}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${keys.tokenPublicKeyFile}`,
      `--service-account-signing-key-file=${keys.tokenPrivateKeyFile}`,
      `--service-cluster-ip-range=${network.serviceCidr}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged',
    ],
    isReady: () => input.api.request({ path: '/readyz', accept: '*/*', timeoutMs: 2_000 }).then(() => true),
  });
}

function controlPlaneClient(kubeconfig: string): string[] {
  return [
    ...['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig'].map((f) => `${f}=${kubeconfig}`),
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ];
}

/** kube-controller-manager with all of its controllers. */
export function controllerManager(input: ProgramInput): ProcessSpec {
  const { keys } = input;
  return spec(input, 'kube-controller-manager', {
    args: [
      ...controlPlaneClient(keys.kubeconfigs['controller-manager']),
      '--use-service-account-credentials',
      `--service-account-private-key-file=${keys.tokenPrivateKeyFile}`,
      `--root-ca-file=${keys.caFile}`,
      `--cluster-signing-cert-file=${keys.caFile}`,
      `--cluster-signing-key-file=${keys.caKeyFile}`,
    ],
  });
}

/** kube-scheduler. */
export function scheduler(input: ProgramInput): ProcessSpec {
  return spec(input, 'kube-scheduler', { args: controlPlaneClient(input.keys.kubeconfigs.scheduler) });
}

/** The kubelet; the node is Ready a few seconds later. */
export function kubelet(input: ProgramInput): ProcessSpec {
  return spec(input, 'kubelet', {
    args: [
      `--config=${input.settings.kubelet}`,
      `--kubeconfig=${input.keys.kubeconfigs.kubelet}`,
      `--root-dir=${join(input.layout.state, 'kubelet')}`,
      `--hostname-override=${network.node}`,
      `--node-ip=${nodeIp}`,
    ],
    isReady: async () => (await fetch('http://127.0.0.1:10248/healthz')).ok,
  });
}

/** kube-proxy, with nftables. */
export function proxy(input: ProgramInput): ProcessSpec {
  return spec(input, 'kube-proxy', { args: [`--config=${input.settings.proxy}`] });
}

/** DNS as a process of the machine, which Pods reach through a Service without selector. */
export function coredns(input: ProgramInput): ProcessSpec {
  return spec(input, 'coredns', { args: ['-conf', input.settings.coredns] });
}
