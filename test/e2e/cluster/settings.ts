import { join } from 'node:path';
import { writeFileAtomic } from '@mooring/testing/node-parts';
import type { ClusterKeys } from './keys.ts';
import { network, PAUSE_IMAGE, type Layout } from './layout.ts';
import { CNI_PROGRAMS } from './packages.ts';

/** Paths of the settings files. */
export interface SettingsFiles {
  containerd: string;
  kubelet: string;
  proxy: string;
  coredns: string;
  registry: string;
}

const unusedPlugins = [
  ...['btrfs', 'devmapper', 'zfs', 'blockfile', 'erofs'].map((name) => `io.containerd.snapshotter.v1.${name}`),
  'io.containerd.nri.v1.nri',
  'io.containerd.tracing.processor.v1.otlp',
];

function containerdToml(layout: Layout): string {
  return `version = 3
root = '${layout.state}/containerd/root'
state = '${layout.state}/containerd/state'
disabled_plugins = ${JSON.stringify(unusedPlugins)}
[grpc]
  address = '${layout.containerdSocket}'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${PAUSE_IMAGE}'
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE runc cannot set -998 and every sandbox dies with "can't get final child's PID from pipe: EOF".
  restrict_oom_score_adj = true
  # A Pod without root can open its Block volume.
  device_ownership_from_security_context = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${CNI_PROGRAMS}']
    conf_dir = '${layout.state}/cni/net.d'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}

function cniConfig(layout: Layout): string {
  const ipam = {
    type: 'host-local',
    dataDir: join(layout.state, 'cni', 'data'),
    ranges: [[{ subnet: network.podCidr }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const bridge = { type: 'bridge', bridge: network.podBridge, isGateway: true, ipMasq: true, hairpinMode: true, ipam };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  return JSON.stringify({ cniVersion: '1.0.0', name: 'mooring', plugins: [bridge, portmap] }, null, 2);
}

function kubeletConfig(layout: Layout, keys: ClusterKeys): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // cgroup v1 is refused otherwise; harmless on v2.
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    address: network.nodeIp,
    tlsCertFile: keys.kubeletCertFile,
    tlsPrivateKeyFile: keys.kubeletKeyFile,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: keys.caFile },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
    clusterDNS: [network.dnsIp],
    resolvConf: '/etc/resolv.conf',
    failSwapOn: false,
    podLogsDir: join(layout.state, 'pod-logs'),
    volumePluginDir: join(layout.state, 'volume-plugins'),
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageMinimumGCAge: '24h',
    maxPods: 100,
    syncFrequency: '10s',
    nodeStatusUpdateFrequency: '5s',
    protectKernelDefaults: false,
  };
}

function proxyConfig(keys: ClusterKeys): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: network.node,
    clusterCIDR: network.podCidr,
    clientConnection: { kubeconfig: keys.kubeconfigs.proxy },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    nftables: { minSyncPeriod: '100ms' },
  };
}

function corefile(layout: Layout): string {
  return `.:53 {
  bind ${network.nodeIp}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${layout.kubeconfig} mooring
  }
  forward . /etc/resolv.conf
  cache 5
  loop
}
`;
}

function registryConfig(layout: Layout): object {
  return {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: layout.registry }, delete: { enabled: true } },
    http: { addr: network.registry },
  };
}

/** Writes every program's settings, YAML ones as JSON, which is YAML too; each line of them was found the hard way, see the README. */
export async function writeSettings(layout: Layout, keys: ClusterKeys): Promise<SettingsFiles> {
  const file = async (name: string, text: string) => {
    const path = join(layout.state, name);
    await writeFileAtomic(path, text);
    return path;
  };
  await file('cni/net.d/10-mooring.conflist', cniConfig(layout));
  return {
    containerd: await file('containerd.toml', containerdToml(layout)),
    kubelet: await file('kubelet.json', JSON.stringify(kubeletConfig(layout, keys), null, 2)),
    proxy: await file('proxy.json', JSON.stringify(proxyConfig(keys), null, 2)),
    coredns: await file('Corefile', corefile(layout)),
    registry: await file('registry.json', JSON.stringify(registryConfig(layout), null, 2)),
  };
}
