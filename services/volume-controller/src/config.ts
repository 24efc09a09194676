import { loadServiceConfig, type ServiceConfig } from '@mooring/config';

/** What this service is configured with: only what every service has. */
export type VolumeControllerConfig = ServiceConfig;

/** Reads the configuration from the environment. Throws ConfigError, one line for each wrong setting. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): VolumeControllerConfig {
  return loadServiceConfig({ env });
}
