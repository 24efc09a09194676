import { join } from 'node:path';
import { request } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { ApiClient } from '../kube/api-client.ts';
import type { ProcessSpec } from '../processes/process-spec.ts';
import type { Pki } from './pki.ts';

/** The loopback ports of one control plane. */
export interface ControlPlanePorts {
  apiServer: number;
  etcdClient: number;
  etcdPeer: number;
}

/** What the three programs' command lines are made from. */
export interface ComponentInput {
  /** Absolute. */
  dataDir: string;
  pki: Pki;
  ports: ControlPlanePorts;
  /** False: etcd does not wait for the disk (tests only: a power cut loses data). */
  isDurable: boolean;
}

const READY_TIMEOUT_MS = 60_000;

/** Ports and paths are the only way to reach it; the certificate check makes sure that it is this etcd. */
async function isEtcdHealthy(input: ComponentInput): Promise<boolean> {
  const [ca, cert, key] = await Promise.all(
    [input.pki.etcdCaFile, input.pki.etcdCertFile, input.pki.etcdKeyFile].map((file) => readFile(file)),
  );
  return new Promise((resolve, reject) => {
    const url = `https://127.0.0.1:${String(input.ports.etcdClient)}/health`;
    const outgoing = request(url, { ca, cert, key, agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** etcd, one member, TLS with client certificates on both ports. */
export function etcdSpec(command: string, input: ComponentInput): ProcessSpec {
  const { pki, ports } = input;
  const client = `https://127.0.0.1:${String(ports.etcdClient)}`;
  const peer = `https://127.0.0.1:${String(ports.etcdPeer)}`;
  return {
    name: 'etcd',
    command,
    args: [
      '--name=mooring',
      `--data-dir=${join(input.dataDir, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=mooring=${peer}`,
      `--cert-file=${pki.etcdCertFile}`,
      `--key-file=${pki.etcdKeyFile}`,
      `--trusted-ca-file=${pki.etcdCaFile}`,
      '--client-cert-auth',
      `--peer-cert-file=${pki.etcdCertFile}`,
      `--peer-key-file=${pki.etcdKeyFile}`,
      `--peer-trusted-ca-file=${pki.etcdCaFile}`,
      '--peer-client-cert-auth',
      '--auto-compaction-retention=1h',
      '--log-level=warn',
      ...(input.isDurable ? [] : ['--unsafe-no-fsync']),
    ],
    isReady: () => isEtcdHealthy(input),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: 5_000,
  };
}

/**
 * Collects garbage at three times the live heap instead of at twice: otherwise it is a sixth of kube-apiserver's CPU, and two cores are
 * shared with everything else here. No GOMEMLIMIT: with 20,000 Backups the server needs more, and would do nothing but collect.
 */
const goEnvironment = { GOGC: '200' };

/** kube-apiserver on loopback: RBAC, ServiceAccount tokens, no aggregation, no audit. */
export function apiServerSpec(command: string, input: ComponentInput, api: ApiClient): ProcessSpec {
  const { pki, ports } = input;
  return {
    name: 'kube-apiserver',
    command,
    env: { ...goEnvironment, ...process.env },
    args: [
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      // The default one refuses to publish a loopback address and logs an error every few seconds.
      '--endpoint-reconciler-type=none',
      `--secure-port=${String(ports.apiServer)}`,
      `--tls-cert-file=${pki.serverCertFile}`,
      `--tls-private-key-file=${pki.serverKeyFile}`,
      `--client-ca-file=${pki.caFile}`,
      `--etcd-servers=https://127.0.0.1:${String(ports.etcdClient)}`,
      `--etcd-cafile=${pki.etcdCaFile}`,
      `--etcd-certfile=${pki.etcdCertFile}`,
      `--etcd-keyfile=${pki.etcdKeyFile}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki.tokenPublicKeyFile}`,
      `--service-account-signing-key-file=${pki.tokenPrivateKeyFile}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      // Fair queues between strangers: 4 % of its CPU, and here is nobody to be fair to. The plain limits on requests in flight stay.
      '--enable-priority-and-fairness=false',
      // Watches are cut at once on SIGTERM: clients are on this machine and stop first.
      '--shutdown-delay-duration=0s',
    ],
    isReady: () => api.request({ path: '/readyz', accept: '*/*', timeoutMs: 2_000 }).then(() => true),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: 5_000,
  };
}

/**
 * kube-controller-manager with the controllers that matter without nodes: namespaces and owner references end
 * properly, ServiceAccounts and their CA appear, aggregated roles and policies are completed.
 */
export function controllerManagerSpec(
  command: string,
  options: { kubeconfig: string; input: ComponentInput },
): ProcessSpec {
  const { pki } = options.input;
  return {
    name: 'kube-controller-manager',
    command,
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      '--secure-port=0',
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${pki.tokenPrivateKeyFile}`,
      `--root-ca-file=${pki.caFile}`,
      `--controllers=${[
        'namespace-controller',
        'garbage-collector-controller',
        'serviceaccount-controller',
        'serviceaccount-token-controller',
        'root-ca-certificate-publisher-controller',
        'clusterrole-aggregation-controller',
        'validatingadmissionpolicy-status-controller',
        'job-controller',
        'ttl-after-finished-controller',
      ].join(',')}`,
    ],
    // It serves nothing here; that it does its work shows in the default namespace's ServiceAccount.
    isReady: () => Promise.resolve(true),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: 3_000,
  };
}
