import type { ResourceType } from '@mooring/api';
import { metrics, renderMetricsInPieces, startTelemetry } from '@mooring/telemetry';
import type { ControllerGroup } from './controller-group.ts';
import { HealthServer } from './health.ts';
import { KubeClient } from './kube-client.ts';
import { leaveNamespace } from './leave-namespace.ts';
import { LeaderElector } from './leader.ts';
import type { Log } from './observe.ts';
import type { ServiceContext } from './process.ts';

/** The settings that it needs; a part of `ServiceConfig` of @mooring/config. */
export interface ControllerServiceConfig {
  /** Of the Lease. */
  readonly namespace: string;
  readonly objectNamespace: string;
  /** Whether a Longhorn runs in the same cluster. */
  readonly coexistence: boolean;
  /** Identity in the Lease. */
  readonly instanceId: string;
  /** False: this process works without a Lease. */
  readonly leaderElect: boolean;
  readonly healthAddress: string;
  readonly healthPort: number;
  readonly otlpEndpoint?: string | undefined;
}

/** What a controller process is started with. */
export interface ControllerServiceOptions {
  /** `volume-controller`: in logs and traces; the Lease is `mooring-<name>`. */
  readonly name: string;
  readonly config: ControllerServiceConfig;
  readonly log: Log;
  readonly context: ServiceContext;
  /** Kinds whose finalizer is this service's to take off. */
  readonly types: readonly ResourceType[];
  /** Makes the controllers. The writes of `client` throw LeaseLost while this process does not lead. */
  readonly create: (client: KubeClient) => Pick<ControllerGroup<object>, 'readiness' | 'start' | 'run' | 'stop'>;
}

/**
 * Starts a controller process: telemetry, health, caches, and, once it leads, the passes; they stop in the opposite order. A standby is ready
 * too: it keeps its caches warm and takes over in seconds. Resolves when the caches are complete. A lost lease fails the process.
 */
export async function startControllerService(options: ControllerServiceOptions): Promise<void> {
  const { name, config, log, context } = options;
  const telemetry = await startTelemetry({ service: name, version: '0.1.0', otlpEndpoint: config.otlpEndpoint });
  context.onStop('telemetry', () => telemetry.shutdown());
  const client = await KubeClient.fromEnvironment({ metrics });
  context.onStop('connections', () => client.close());
  const elector = new LeaderElector({
    client,
    namespace: config.namespace,
    name: `mooring-${name}`,
    identity: config.instanceId,
    onStarted: () => controllers.run(),
    onLost: (reason) => context.fail(new Error(`the lease is lost: ${reason}`)),
    log,
    metrics,
  });
  const controllers = options.create(config.leaderElect ? client.fenced(elector) : client);
  const health = new HealthServer({
    address: config.healthAddress,
    port: config.healthPort,
    readiness: controllers.readiness,
    renderMetrics: renderMetricsInPieces,
  });
  await health.start();
  context.onStop('health', () => health.stop());
  // The lease goes last of all that writes: the next leader may begin at once.
  if (config.leaderElect) context.onStop('lease', () => elector.stop());
  context.onStop('finalizers', () => leaveNamespace({ ...options, client }));
  context.onStop('passes', () => controllers.stop());
  context.onStop('readiness', () => health.drain());
  // A standby that stops at the same time as the leader must not take the lease over.
  if (config.leaderElect) context.onStop('candidacy', () => elector.withdraw());
  await controllers.start();
  log.info({ port: health.port }, `${name} is ready`);
  if (config.leaderElect) elector.start();
  else controllers.run();
}
