export { ConfigError } from './config-error.ts';
export { loadConfig } from './load-config.ts';
export type { ConfigOf, ConfigSchema, ConfigSources, SettingSchema } from './load-config.ts';
export { moverConfigSchema, moverSettings } from './mover-config.ts';
export type { MoverConfig } from './mover-config.ts';
export { loadServiceConfig, serviceConfigSchema } from './service-config.ts';
export type { ServiceConfig } from './service-config.ts';
