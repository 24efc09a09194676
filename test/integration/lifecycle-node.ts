/**
 * Stands in for the node that the tests' control plane has not: runs the services of Deployments as processes with their own ServiceAccounts,
 * and the containers of hook Jobs as the very command with the very account and arguments that the rendered Job has.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlPlane, temporaryFolder } from '@mooring/testing';
import { bundleServices } from '../../shared/testing/src/embedded/bundle.ts';
import { type Credentials, provideCredentials } from '../../shared/testing/src/embedded/credentials.ts';
import { SERVICES, type ServiceName, serviceSpec } from '../../shared/testing/src/embedded/services.ts';
import { freePort } from '../../shared/testing/src/processes/ports.ts';
import { type RunningProcess, startOnce } from '../../shared/testing/src/processes/process-spec.ts';
import { startWatchdog, type Watchdog } from '../../shared/testing/src/processes/watchdog.ts';
import { repositoryFolder } from './admission-cluster.ts';

const NODE = 'stand-in';
const TICK_MS = 100;

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

interface Deployment extends Named {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations?: Readonly<Record<string, string>>;
      };
    };
  };
}

interface Pod extends Named {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly { readonly name: string; readonly args: readonly string[] }[];
  };
  readonly status?: { readonly phase?: string };
}

/** What a hook's container did. */
export interface HookRun {
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly output: string;
}

/** How the stand-in works. */
export interface NodeOptions {
  readonly plane: ControlPlane;
  /** Of the release. */
  readonly namespace: string;
  readonly objectNamespace: string;
  /** Ports of the two webhooks by service. */
  readonly webhookPorts: Readonly<Record<string, number>>;
  /** False: Deployments get no processes. */
  readonly runsServices: boolean;
  /** Kubeconfig of the hooks and services leads here instead of to the API server. */
  readonly server?: string;
}

interface Running {
  readonly process: RunningProcess;
  readonly credentials: Credentials;
}

let bundles: Promise<Record<string, string>> | undefined;

/** The stand-in; `stop` ends everything it runs. */
export class LifecycleNode {
  readonly hookRuns: HookRun[] = [];
  /** Hooks and Pods are left alone while it is true, as on a node that is down. */
  isPaused = false;
  readonly #options: NodeOptions;
  readonly #folder: string;
  readonly #entries: Record<string, string>;
  readonly #watchdog: Watchdog = startWatchdog();
  readonly #running = new Map<string, Running>();
  readonly #seenPods = new Set<string>();
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: NodeOptions, folder: string, entries: Record<string, string>) {
    this.#options = options;
    this.#folder = folder;
    this.#entries = entries;
  }

  static async start(options: NodeOptions): Promise<LifecycleNode> {
    const folder = await temporaryFolder('node');
    bundles ??= temporaryFolder('bundles').then((into) => bundleServices(SERVICES, into));
    const node = new LifecycleNode(options, folder, options.runsServices ? await bundles : {});
    node.#loop = node.#run();
    return node;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await Promise.all([...this.#running.keys()].map((name) => this.#end(name)));
    await this.#watchdog.stop();
  }

  /** Services that run now. */
  get services(): string[] {
    return [...this.#running.keys()].sort();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      // Whatever is in the middle of being made or deleted is looked at again.
      if (!this.isPaused) await this.#tick().catch(() => undefined);
      await delay(TICK_MS);
    }
  }

  async #tick(): Promise<void> {
    const { api } = this.#options.plane;
    const [pods, deployments] = await Promise.all([
      api.request<{ items: Pod[] }>({ path: this.#path('/api/v1', 'pods') }),
      api.request<{ items: Deployment[] }>({ path: this.#path('/apis/apps/v1', 'deployments') }),
    ]);
    const jobPods = pods.items.filter(
      ({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'] !== undefined,
    );
    // A hook may wait for the services' Pods, so nothing here waits for it.
    for (const pod of jobPods) void this.#runHook(pod).catch(() => undefined);
    const services = this.#options.runsServices ? SERVICES : [];
    await Promise.all(
      services.map((service) => this.#keepService(service, { pods: pods.items, deployments: deployments.items })),
    );
  }

  async #keepService(
    service: ServiceName,
    found: { pods: readonly Pod[]; deployments: readonly Deployment[] },
  ): Promise<void> {
    const name = `mooring-${service}`;
    const deployment = found.deployments.find(({ metadata }) => metadata.name === name);
    const wanted = (deployment?.spec.replicas ?? 0) > 0 ? deployment : undefined;
    const pod = found.pods.find(({ metadata }) => metadata.name === name);
    if (pod === undefined) {
      if (wanted !== undefined) await this.#createPod(name, wanted);
    } else if (pod.metadata.deletionTimestamp !== undefined) await this.#killPod(service, name);
    else if (wanted === undefined) await this.#deletePod(name, 30);
    else if (isOutdated(pod, wanted)) await this.#deletePod(name, 30);
    else if (!this.#running.has(service)) await this.#begin(service);
  }

  /** As a kubelet: SIGTERM, then the Pod goes. */
  async #killPod(service: ServiceName, name: string): Promise<void> {
    await this.#end(service);
    await this.#deletePod(name, 0);
  }

  async #createPod(name: string, { spec }: Deployment): Promise<void> {
    const { labels, annotations } = spec.template.metadata;
    await this.#options.plane.api.request({
      method: 'POST',
      path: this.#path('/api/v1', 'pods'),
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, labels, annotations },
        spec: { nodeName: NODE, serviceAccountName: name, containers: [{ name: 'service', image: 'none' }] },
      },
    });
  }

  async #deletePod(name: string, gracePeriodSeconds: number): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds };
    await this.#options.plane.api.request({ method: 'DELETE', path: this.#path('/api/v1', `pods/${name}`), body });
  }

  async #begin(service: ServiceName): Promise<void> {
    const { namespace, objectNamespace, webhookPorts } = this.#options;
    const credentials = await this.#credentials(`mooring-${service}`);
    const webhookPort = webhookPorts[service];
    const surroundings = {
      logFolder: join(this.#folder, 'logs'),
      runFolder: join(this.#folder, 'run'),
      watchdog: this.#watchdog,
    };
    const spec = serviceSpec({
      service,
      entry: this.#entries[service] ?? '',
      kubeconfig: credentials.kubeconfig,
      namespace: objectNamespace,
      healthPort: await freePort(),
      dataDir: this.#folder,
      ...(webhookPort === undefined ? {} : { webhookPort }),
    });
    const env = { ...spec.env, MOORING_NAMESPACE: namespace };
    this.#running.set(service, { process: await startOnce(surroundings)({ ...spec, env }), credentials });
  }

  async #end(service: string): Promise<void> {
    const running = this.#running.get(service);
    if (running === undefined) return;
    this.#running.delete(service);
    await running.process.stop();
    running.credentials.stop();
  }

  async #runHook(pod: Pod): Promise<void> {
    const { name } = pod.metadata;
    const [container] = pod.spec.containers;
    if (this.#seenPods.has(name) || container === undefined || pod.status?.phase !== 'Pending') return;
    this.#seenPods.add(name);
    const credentials = await this.#credentials(pod.spec.serviceAccountName);
    const run = await runCli(container.args, credentials.kubeconfig);
    credentials.stop();
    this.hookRuns.push(run);
    const terminated = { exitCode: run.exitCode, reason: run.exitCode === 0 ? 'Completed' : 'Error' };
    const containerStatuses = [
      { name: container.name, image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } },
    ];
    await this.#options.plane.api.request({
      method: 'PATCH',
      path: this.#path('/api/v1', `pods/${name}/status`),
      contentType: 'application/merge-patch+json',
      body: { status: { phase: run.exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses } },
    });
  }

  async #credentials(account: string): Promise<Credentials> {
    const { plane, namespace, server } = this.#options;
    const folder = join(this.#folder, 'accounts', account);
    await mkdir(folder, { recursive: true });
    const credentials = await provideCredentials({
      controlPlane: plane,
      account: { namespace, name: account },
      folder,
      namespace,
      say: () => undefined,
    });
    if (server !== undefined) {
      const text = plane.kubeconfigFor(join(folder, 'token'), namespace);
      await writeFile(credentials.kubeconfig, text.replaceAll(plane.server, server));
    }
    return credentials;
  }

  #path(root: string, rest: string): string {
    return `${root}/namespaces/${this.#options.namespace}/${rest}`;
  }
}

/** The chart puts a sum of the environment there. */
function isOutdated({ metadata }: Pod, { spec }: Deployment): boolean {
  const key = 'checksum/environment';
  return metadata.annotations?.[key] !== spec.template.metadata.annotations?.[key];
}

/** Runs the command line with these arguments against the cluster of a kubeconfig. */
export async function runCli(args: readonly string[], kubeconfig: string): Promise<HookRun> {
  const program = join(repositoryFolder, 'services/cli/src/main.ts');
  return await new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig };
    const child = execFile(process.execPath, [program, ...args], { env }, (_error, stdout, stderr) => {
      resolve({ args, exitCode: child.exitCode ?? 1, output: stdout + stderr });
    });
  });
}
