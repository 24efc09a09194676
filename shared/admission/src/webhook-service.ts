import { HealthServer, KubeClient, sleep, systemClock } from '@mooring/runtime';
import type { ServiceContext } from '@mooring/runtime';
import { metrics, renderMetricsInPieces, startTelemetry } from '@mooring/telemetry';
import type { Logger } from '@mooring/telemetry';
import type { WebhookConfig } from './webhook-config.ts';
import { Webhook } from './webhook.ts';
import type { WebhookKind } from './webhook.ts';

const VERSION = '0.1.0';

/** What a webhook process is started with. */
export interface WebhookServiceOptions {
  readonly kind: WebhookKind;
  readonly config: WebhookConfig;
  readonly log: Logger;
  readonly context: ServiceContext;
}

/**
 * Starts telemetry, health and the webhook, in this order; they stop in the opposite order: first "not ready" and
 * `drainMs` for the clients to go elsewhere, then the running reviews are answered. Resolves before the webhook is ready.
 */
export async function startWebhookService({ kind, config, log, context }: WebhookServiceOptions): Promise<void> {
  const telemetry = await startTelemetry({
    service: kind.service,
    version: VERSION,
    otlpEndpoint: config.otlpEndpoint,
  });
  context.onStop('telemetry', () => telemetry.shutdown());
  const client = await KubeClient.fromEnvironment({ metrics });
  context.onStop('connections', () => {
    client.close();
  });
  const webhook = new Webhook({ kind, client, config, clock: systemClock, log, metrics });
  const health = new HealthServer({
    address: config.healthAddress,
    port: config.healthPort,
    readiness: webhook.readiness,
    renderMetrics: renderMetricsInPieces,
  });
  await health.start();
  context.onStop('health', () => health.stop());
  webhook.start();
  context.onStop('webhook', () => webhook.stop());
  context.onStop('drain', async () => {
    health.drain();
    webhook.drain();
    await sleep(systemClock, config.drainMs);
  });
  log.info({ port: health.port, namespace: config.objectNamespace }, `${kind.service} has started`);
}
