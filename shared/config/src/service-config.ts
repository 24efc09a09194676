import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { loadConfig } from './load-config.ts';
import type { ConfigOf, ConfigSchema, ConfigSources } from './load-config.ts';

/** Settings that every service has. A service with more spreads `properties` and `required` into its own schema. */
export const serviceConfigSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    objectNamespace: {
      type: 'string',
      variable: 'MOORING_OBJECT_NAMESPACE',
      description: 'the namespace of the BackupTargets and all other objects',
      default: 'longhorn-system',
    },
    namespace: {
      type: 'string',
      variable: 'MOORING_NAMESPACE',
      description: "the namespace of this service's Lease and of the webhooks' certificate",
      default: 'mooring-system',
    },
    healthAddress: {
      type: 'string',
      variable: 'MOORING_HEALTH_ADDRESS',
      description: 'the address that /healthz, /readyz and /metrics listen on',
      default: '0.0.0.0',
    },
    healthPort: {
      type: 'integer',
      variable: 'MOORING_HEALTH_PORT',
      description: 'the port of /healthz, /readyz and /metrics; 0 takes a free one',
      minimum: 0,
      maximum: 65535,
      default: 8080,
    },
    logLevel: {
      type: 'string',
      variable: 'MOORING_LOG_LEVEL',
      description: 'the least severe log lines that are written',
      enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      default: 'info',
    },
    instanceId: {
      type: 'string',
      variable: 'MOORING_INSTANCE_ID',
      description:
        'the identity in the Lease, unique for every process; default host name, process id and a random part',
      minLength: 1,
    },
    leaderElect: {
      type: 'boolean',
      variable: 'MOORING_LEADER_ELECT',
      description: 'whether replicas elect the one that works; false only where there is surely one process',
      default: true,
    },
    allowedSchemes: {
      type: 'array',
      variable: 'MOORING_ALLOWED_SCHEMES',
      description: 'the URL schemes a BackupTarget may have; vfs reads directories of this machine',
      items: { type: 'string', enum: ['s3', 'azblob', 'nfs', 'cifs', 'vfs'] },
      default: ['s3', 'azblob', 'nfs', 'cifs'],
    },
    coexistence: {
      type: 'boolean',
      variable: 'MOORING_COEXISTENCE',
      description:
        'whether a Longhorn runs in the same cluster: objects that only it works on are left alone, and remote data are never deleted',
      default: false,
    },
    webhookAddress: {
      type: 'string',
      variable: 'MOORING_WEBHOOK_ADDRESS',
      description: 'the address that the webhook listens on',
      default: '0.0.0.0',
    },
    webhookPort: {
      type: 'integer',
      variable: 'MOORING_WEBHOOK_PORT',
      description:
        'the port of the webhook; a Service of that name may have injected it: set enableServiceLinks: false',
      minimum: 0,
      maximum: 65535,
      default: 9443,
    },
    webhookHosts: {
      type: 'array',
      variable: 'MOORING_WEBHOOK_HOSTS',
      description: "further host names and addresses in the webhooks' certificate",
      items: { type: 'string' },
      default: [],
    },
    certificateMode: {
      type: 'string',
      variable: 'MOORING_CERTIFICATE_MODE',
      description:
        "who makes the webhooks' certificate: self (an authority of our own) or cert-manager (it also injects the caBundle)",
      enum: ['self', 'cert-manager'],
      default: 'self',
    },
    caLifetime: {
      type: 'string',
      variable: 'MOORING_CA_LIFETIME',
      description:
        "life of the webhooks' certificate authority as a duration like 8760h, 90m, 45s; at least three times the certificate's",
      pattern: '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$',
      minLength: 2,
      default: '8760h',
    },
    leafLifetime: {
      type: 'string',
      variable: 'MOORING_LEAF_LIFETIME',
      description: "life of the webhooks' serving certificate as a duration like 2160h; renewed when a third is left",
      pattern: '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$',
      minLength: 2,
      default: '2160h',
    },
    otlpEndpoint: {
      type: 'string',
      variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      description:
        'the base URL of a collector for traces, OTLP over HTTP, as http://collector:4318; absent: no export',
      pattern: '^https?://',
    },
    kubeconfig: {
      type: 'string',
      variable: 'KUBECONFIG',
      description: "the path of a kubeconfig; absent: the Pod's service account",
    },
  },
  required: ['instanceId'],
} as const satisfies ConfigSchema;

/** What every service knows of its surroundings. */
export type ServiceConfig = ConfigOf<typeof serviceConfigSchema>;

/**
 * Loads `serviceConfigSchema`, or a service's own schema that contains it; a missing `instanceId` is made up. Throws
 * ConfigError. `MOORING_CONFIG_FILE` names the mounted file when `sources.file` does not.
 */
export function loadServiceConfig<const S extends ConfigSchema = typeof serviceConfigSchema>(
  sources: ConfigSources,
  schema?: S,
): ConfigOf<S> {
  const file = sources.file ?? sources.env['MOORING_CONFIG_FILE'];
  const defaults = { instanceId: newInstanceId(), ...sources.defaults };
  return loadConfig((schema ?? serviceConfigSchema) as S, { ...sources, file, defaults });
}

/** `<host name>_<process id>_<8 hex>`: unique also when one host starts a process id again. */
function newInstanceId(): string {
  return `${hostname()}_${process.pid}_${randomBytes(4).toString('hex')}`;
}
