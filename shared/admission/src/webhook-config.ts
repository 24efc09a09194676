import { ConfigError, loadServiceConfig, serviceConfigSchema } from '@mooring/config';
import { findLifetimeProblem } from './certificates/policy.ts';
import type { ConfigOf, ConfigSchema } from '@mooring/config';

/** Time between "not ready" and "takes no new connections" in a pod: until every API server has seen the endpoint go. */
const POD_DRAIN_MS = 10_000;

const webhookConfigSchema = {
  ...serviceConfigSchema,
  properties: {
    ...serviceConfigSchema.properties,
    drainMs: {
      type: 'integer',
      variable: 'MOORING_DRAIN_MS',
      description:
        'milliseconds that a stopping webhook goes on to take connections after it said that it is not ready; default 10000 in a pod, else 0',
      minimum: 0,
      maximum: 20_000,
    },
  },
  required: [...serviceConfigSchema.required, 'drainMs'],
} as const satisfies ConfigSchema;

/** A webhook's configuration: what every service has, and `drainMs`. */
export type WebhookConfig = ConfigOf<typeof webhookConfigSchema>;

/**
 * Reads a webhook's configuration from the environment.
 *
 * @throws ConfigError with one line for each wrong setting
 */
export function readWebhookConfig(env: Readonly<Record<string, string | undefined>>): WebhookConfig {
  const isPod = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  const config = loadServiceConfig({ env, defaults: { drainMs: isPod ? POD_DRAIN_MS : 0 } }, webhookConfigSchema);
  const problem = findLifetimeProblem(config);
  if (problem !== undefined) throw new ConfigError([problem]);
  return config;
}
