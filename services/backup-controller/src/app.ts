import { HealthServer, KubeClient, LeaderElector, type ServiceContext } from '@mooring/runtime';
import { type Logger, metrics, renderMetricsInPieces, startTelemetry } from '@mooring/telemetry';
import type { BackupControllerConfig } from './config.ts';
import { BackupController } from './controller.ts';

/** Name of this service: of its Lease, its log lines and its traces. */
export const SERVICE = 'backup-controller';

/** Starts everything: telemetry, health, caches, then, once it leads, the passes. A standby keeps its caches warm. Throws what cannot be started. */
export async function startApp(context: ServiceContext, config: BackupControllerConfig, log: Logger): Promise<void> {
  const { objectNamespace, namespace, allowedSchemes, otlpEndpoint } = config;
  const telemetry = await startTelemetry({ service: SERVICE, version: '0.1.0', otlpEndpoint });
  context.onStop('telemetry', () => telemetry.shutdown());
  const client = await KubeClient.fromEnvironment({ metrics });
  context.onStop('connections', () => client.close());
  const elector = new LeaderElector({
    client,
    namespace,
    name: `mooring-${SERVICE}`,
    identity: config.instanceId,
    onStarted: () => controller.run(),
    onLost: (reason) => context.fail(new Error(`the lease is lost: ${reason}`)),
    log,
    metrics,
  });
  const controller = new BackupController({
    client: config.leaderElect ? client.fenced(elector) : client,
    namespace: objectNamespace,
    allowedSchemes,
    log,
    metrics,
  });
  const health = new HealthServer({
    address: config.healthAddress,
    port: config.healthPort,
    readiness: controller.readiness,
    renderMetrics: renderMetricsInPieces,
  });
  await health.start();
  context.onStop('health', () => health.stop());
  context.onStop('lease', () => elector.stop());
  context.onStop('passes', () => controller.stop());
  context.onStop('readiness', () => health.drain());
  await controller.start();
  log.info({ port: health.port, objectNamespace }, `${SERVICE} is ready`);
  if (config.leaderElect) elector.start();
  else controller.run();
}
