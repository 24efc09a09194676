import { join, resolve } from 'node:path';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import { eventually } from '../eventually.ts';
import { writeFileAtomic } from '../files.ts';
import { createApiClient, type ApiClient } from '../kube/api-client.ts';
import { freePort } from '../processes/ports.ts';
import { startOnce, type ProcessStarter, type RunningProcess } from '../processes/process-spec.ts';
import { startWatchdog } from '../processes/watchdog.ts';
import {
  apiServerSpec,
  controllerManagerSpec,
  etcdSpec,
  type ComponentInput,
  type ControlPlanePorts,
} from './components.ts';
import type { KeyPair } from './certificates.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { loadOrCreatePki } from './pki.ts';

/** How a control plane is started. */
export interface ControlPlaneOptions {
  /** Folder for everything it keeps: keys, etcd's data, logs. A second start on it resumes. */
  dataDir: string;
  /** Default: free ones. */
  ports?: ControlPlanePorts;
  /** True: etcd syncs to disk. Default false: tests want speed. */
  isDurable?: boolean;
  /** Gets progress lines, such as those of a first build. */
  log?: (line: string) => void;
  /** Starts each process; default: once, and a watchdog ends them when this process dies. */
  start?: ProcessStarter;
  /** The namespace in the admin's kubeconfig; default: `default`. */
  namespace?: string;
}

type StartOptions = ControlPlaneOptions & { start: ProcessStarter };

/** A ServiceAccount. */
export interface ServiceAccountRef {
  namespace: string;
  name: string;
}

/** A running etcd, kube-apiserver and kube-controller-manager. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`. */
  server: string;
  /** The admin's kubeconfig file (system:masters). */
  kubeconfig: string;
  caFile: string;
  caCertificate: string;
  /** The admin's client certificate. */
  admin: KeyPair;
  ports: ControlPlanePorts;
  /** Requests as the admin. */
  api: ApiClient;
  processes: readonly RunningProcess[];
  /** A token of that ServiceAccount (TokenRequest); default lifetime 3,600 s, the API server's minimum is 600. */
  tokenFor: (account: ServiceAccountRef, expirationSeconds?: number) => Promise<{ token: string; expiresAtMs: number }>;
  /** The text of a kubeconfig for a token file. */
  kubeconfigFor: (tokenFile: string, namespace?: string) => string;
  /** Stops the three in order; idempotent. */
  stop: () => Promise<void>;
}

/** The controller manager makes a namespace's account about a second after its own start. */
const ACCOUNT_TIMEOUT_MS = 10_000;

async function freePorts(): Promise<ControlPlanePorts> {
  return { apiServer: await freePort(), etcdClient: await freePort(), etcdPeer: await freePort() };
}

function starterFor(
  dataDir: string,
  given: ProcessStarter | undefined,
): { start: ProcessStarter; stop: () => Promise<void> } {
  if (given !== undefined) return { start: given, stop: () => Promise.resolve() };
  const watchdog = startWatchdog();
  const surroundings = { logFolder: join(dataDir, 'logs'), runFolder: join(dataDir, 'run'), watchdog };
  return { start: startOnce(surroundings), stop: () => watchdog.stop() };
}

async function requestToken(api: ApiClient, account: ServiceAccountRef, expirationSeconds: number) {
  const ask = () =>
    api.request<{ status: { token: string; expirationTimestamp: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds } },
    });
  // A namespace's own account `default` appears a moment after the namespace.
  const what = `ServiceAccount ${account.namespace}/${account.name}`;
  const answer = await eventually(ask, { timeoutMs: ACCOUNT_TIMEOUT_MS, what });
  return { token: answer.status.token, expiresAtMs: Date.parse(answer.status.expirationTimestamp) };
}

/** Starts them side by side; when one fails the others are stopped, and its error is thrown. */
async function startTogether(starts: readonly Promise<RunningProcess>[]): Promise<RunningProcess[]> {
  const outcomes = await Promise.allSettled(starts);
  const running = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return running;
  await stopInOrder(running);
  throw failed.reason;
}

async function startProcesses(input: ComponentInput, api: ApiClient, options: StartOptions) {
  const { start } = options;
  const programs = await ensureBinaries(
    ['etcd', 'kube-apiserver', 'kube-controller-manager'],
    options.log === undefined ? {} : { log: options.log },
  );
  const kubeconfig = join(input.dataDir, 'controller-manager.kubeconfig');
  await writeFileAtomic(
    kubeconfig,
    renderKubeconfig({
      server: api.server,
      caCertificate: input.pki.caCertificate,
      user: input.pki.controllerManager,
    }),
  );
  // The API server and the controller manager wait by themselves for what they need, so all start at once.
  return startTogether([
    start(etcdSpec(programs.etcd, input)),
    start(apiServerSpec(programs['kube-apiserver'], input, api)),
    start(controllerManagerSpec(programs['kube-controller-manager'], { kubeconfig, input })),
  ]);
}

async function stopInOrder(running: readonly RunningProcess[]): Promise<void> {
  for (const one of running.toReversed()) await one.stop();
}

/**
 * Starts a real control plane on loopback and resolves once the API server is ready (about 3 s). Builds its programs
 * first when this machine has none. Throws with the end of a program's log when it does not start.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const dataDir = resolve(options.dataDir);
  const pki = await loadOrCreatePki(join(dataDir, 'pki'));
  const ports = options.ports ?? (await freePorts());
  const server = `https://127.0.0.1:${String(ports.apiServer)}`;
  const { caCertificate, caFile } = pki;
  const api = createApiClient({ server, caCertificate, ...pki.admin });
  const input: ComponentInput = { dataDir, pki, ports, isDurable: options.isDurable ?? false };
  const { start, stop: stopStarter } = starterFor(dataDir, options.start);
  const processes = await startProcesses(input, api, { ...options, start }).catch(async (error: unknown) => {
    await stopStarter();
    throw error;
  });
  const namespace = options.namespace === undefined ? {} : { namespace: options.namespace };
  const kubeconfig = join(dataDir, 'kubeconfig');
  await writeFileAtomic(kubeconfig, renderKubeconfig({ server, caCertificate, user: pki.admin, ...namespace }));
  return {
    server,
    kubeconfig,
    caFile,
    caCertificate,
    admin: pki.admin,
    ports,
    api,
    processes,
    tokenFor: (account, expirationSeconds = 3_600) => requestToken(api, account, expirationSeconds),
    kubeconfigFor: (tokenFile, own = 'default') =>
      renderKubeconfig({ server, caCertificate, user: { tokenFile }, namespace: own }),
    stop: async () => {
      await stopInOrder(processes);
      await stopStarter();
      api.close();
    },
  };
}
