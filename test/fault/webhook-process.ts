import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, freePort, temporaryFolder } from '@mooring/testing';
import { bundleServices } from '../../shared/testing/src/embedded/bundle.ts';
import { OBJECTS, RELEASE, startAdmissionCluster } from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';
import { startBalancer } from './balancer.ts';
import type { Balancer } from './balancer.ts';
import { WEBHOOKS } from './certificates-setup.ts';

/** Which webhook. */
export type WebhookName = (typeof WEBHOOKS)[number];

/** One replica of a webhook: a place with ports and credentials, where a process runs or not. */
export class Replica {
  readonly name: WebhookName;
  readonly port: number;
  readonly healthPort: number;
  readonly #entry: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #balancer: Balancer;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(options: {
    name: WebhookName;
    port: number;
    healthPort: number;
    entry: string;
    env: Record<string, string>;
    balancer: Balancer;
  }) {
    this.name = options.name;
    this.port = options.port;
    this.healthPort = options.healthPort;
    this.#entry = options.entry;
    this.#env = options.env;
    this.#balancer = options.balancer;
  }

  /** Prepares a replica; nothing runs yet. */
  static async prepare(options: {
    cluster: AdmissionCluster;
    name: WebhookName;
    ports: { port: number; healthPort: number };
    entry: string;
    balancer: Balancer;
    env?: Record<string, string>;
  }): Promise<Replica> {
    const { cluster, name, ports, entry, balancer, env } = options;
    const folder = await temporaryFolder('webhook');
    const { token } = await cluster.plane.tokenFor({ namespace: RELEASE, name: `mooring-${name}-webhook` });
    await writeFile(join(folder, 'token'), token);
    await writeFile(join(folder, 'kubeconfig'), cluster.plane.kubeconfigFor(join(folder, 'token'), RELEASE));
    return new Replica({
      name,
      ...ports,
      entry,
      balancer,
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_ENV: 'production',
        KUBECONFIG: join(folder, 'kubeconfig'),
        MOORING_OBJECT_NAMESPACE: OBJECTS,
        MOORING_NAMESPACE: RELEASE,
        MOORING_HEALTH_ADDRESS: '127.0.0.1',
        MOORING_HEALTH_PORT: String(ports.healthPort),
        MOORING_WEBHOOK_ADDRESS: '127.0.0.1',
        MOORING_WEBHOOK_PORT: String(ports.port),
        // The balancer asks for readiness every 100 ms.
        MOORING_DRAIN_MS: '1000',
        ...env,
      },
    });
  }

  /** All that it has written to its log. */
  get output(): string {
    return this.#output;
  }

  /** Process id; undefined while none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process; it may not be ready yet. */
  start(env: Readonly<Record<string, string>> = {}): void {
    const child = spawn(process.execPath, [this.#entry], {
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#child = child;
  }

  /** Resolves once it says that it is ready and its balancer has learnt of it: only then may another be ended. */
  async untilReady(): Promise<void> {
    const ask = async (): Promise<void> => {
      const answer = await fetch(`http://127.0.0.1:${String(this.healthPort)}/readyz`);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${text}${this.#output.slice(-2_000)}`);
      if (!this.#balancer.isReady(this.port)) throw new Error('the balancer does not know it yet');
    };
    await eventually(ask, { timeoutMs: 30_000, what: `${this.name}-webhook is ready` });
  }

  /** Sends a signal and waits for the end; gives the exit code (null after SIGKILL). */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  }
}

/** Two replicas of each webhook as processes, each pair behind a balancer that the API server calls. */
export interface Fleet {
  readonly cluster: AdmissionCluster;
  readonly replicas: readonly Replica[];
  readonly balancers: readonly Balancer[];
  stop(): Promise<void>;
}

/** Starts a control plane and prepares two replicas of each webhook, bundled; none runs yet. */
export async function prepareFleet(env: Record<string, string> = {}): Promise<Fleet> {
  const entries = await bundleServices(['mutating-webhook', 'validating-webhook'], await temporaryFolder('bundles'));
  const places = await Promise.all(
    WEBHOOKS.flatMap((name) => [name, name]).map(async (name) => ({
      name,
      ports: { port: await freePort(), healthPort: await freePort() },
    })),
  );
  const balancerOf = (name: WebhookName): Promise<Balancer> =>
    startBalancer(places.filter((place) => place.name === name).map(({ ports }) => ports));
  const [mutating, validating] = await Promise.all([balancerOf('mutating'), balancerOf('validating')]);
  const balancers = { mutating, validating };
  const cluster = await startAdmissionCluster({
    mutating: `https://127.0.0.1:${String(mutating.port)}`,
    validating: `https://127.0.0.1:${String(validating.port)}`,
  });
  const replicas = await Promise.all(
    places.map(({ name, ports }) =>
      Replica.prepare({
        cluster,
        name,
        ports,
        entry: entries[`${name}-webhook`] ?? '',
        balancer: balancers[name],
        env,
      }),
    ),
  );
  return {
    cluster,
    replicas,
    balancers: [mutating, validating],
    async stop() {
      await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
      await Promise.all([mutating.stop(), validating.stop()]);
      await cluster.stop();
    },
  };
}
