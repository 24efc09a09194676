/** Settings of this service: those that every service has. */
import { loadServiceConfig } from '@mooring/config';
import type { ServiceConfig } from '@mooring/config';

/** This service's configuration. */
export type TargetControllerConfig = ServiceConfig;

/** Reads it from the environment. Throws ConfigError. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): TargetControllerConfig {
  return loadServiceConfig({ env });
}
