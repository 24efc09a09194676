/** The process: telemetry, health, caches, election, controllers; in this order up, in the opposite order down. */
import { cacheReadiness, HealthServer, KubeClient, LeaderElector, systemClock } from '@mooring/runtime';
import type { HealthCheck, ServiceContext } from '@mooring/runtime';
import { metrics, renderMetricsInPieces, startTelemetry } from '@mooring/telemetry';
import type { Logger } from '@mooring/telemetry';
import type { TargetControllerConfig } from './config.ts';
import { observeCaches } from './metrics.ts';
import type { Caches } from './parts.ts';
import { TargetController } from './target-controller.ts';

const NAME = 'target-controller';
const VERSION = '0.1.0';

/** Starts the service; resolves when its caches are complete and it works or waits for the lease. */
export async function startApp(config: TargetControllerConfig, log: Logger, context: ServiceContext): Promise<void> {
  const telemetry = await startTelemetry({ service: NAME, version: VERSION, otlpEndpoint: config.otlpEndpoint });
  context.onStop('telemetry', () => telemetry.shutdown());
  const client = await KubeClient.fromEnvironment({ metrics });
  context.onStop('connections', () => {
    client.close();
  });
  const elector = new LeaderElector({
    client,
    namespace: config.namespace,
    name: `mooring-${NAME}`,
    identity: config.instanceId,
    onStarted: () => {
      controller.work();
    },
    onLost: (reason) => {
      context.fail(new Error(`the lease is lost: ${reason}`));
    },
    log,
    metrics,
  });
  const controller = new TargetController({
    client,
    fenced: config.leaderElect ? client.fenced(elector) : client,
    namespace: config.objectNamespace,
    allowedSchemes: config.allowedSchemes,
    instance: config.instanceId,
    clock: systemClock,
    metrics,
    log,
  });
  const health = new HealthServer({
    address: config.healthAddress,
    port: config.healthPort,
    readiness: readinessOf(controller),
    renderMetrics: renderMetricsInPieces,
  });
  await health.start();
  context.onStop('health', () => health.stop());
  // The lease goes last of all that writes: the next leader may begin at once.
  if (config.leaderElect) context.onStop('election', () => elector.stop());
  context.onStop('controllers', () => controller.stop());
  context.onStop('readiness', () => {
    health.drain();
  });
  await controller.watch();
  context.onStop('cache metrics', observeCaches(controller.caches));
  if (config.leaderElect) elector.start();
  else controller.work();
  log.info({ port: health.port, namespace: config.objectNamespace }, `${NAME} is ready`);
}

/** Standby replicas are ready too: they serve health and metrics, and take over in seconds. */
function readinessOf({ caches }: TargetController): Record<string, HealthCheck> {
  const all = Object.entries(caches) as [string, Caches[keyof Caches]][];
  return Object.fromEntries(all.map(([name, cache]) => [name, cacheReadiness(cache)]));
}
