import type { MoverSettings } from '@mooring/api';
import type { ConfigOf, ConfigSchema } from './load-config.ts';
import { serviceConfigSchema } from './service-config.ts';

/** Settings of a service that makes Jobs of the mover: the common ones, and what all of its Jobs have. */
export const moverConfigSchema = {
  ...serviceConfigSchema,
  properties: {
    ...serviceConfigSchema.properties,
    moverImage: {
      type: 'string',
      variable: 'MOORING_MOVER_IMAGE',
      description: 'the image of the Jobs that move data, with its tag or digest',
      minLength: 1,
    },
    moverServiceAccount: {
      type: 'string',
      variable: 'MOORING_MOVER_SERVICE_ACCOUNT',
      description: "the service account of the Jobs' Pods, in this service's namespace",
      minLength: 1,
      default: 'mooring-mover',
    },
    moverPodLabels: {
      type: 'object',
      variable: 'MOORING_MOVER_POD_LABELS',
      description: "further labels of the Jobs' Pods",
      additionalProperties: { type: 'string' },
      default: {},
    },
    moverPodAnnotations: {
      type: 'object',
      variable: 'MOORING_MOVER_POD_ANNOTATIONS',
      description: "further annotations of the Jobs' Pods",
      additionalProperties: { type: 'string' },
      default: {},
    },
    moverPod: {
      type: 'object',
      variable: 'MOORING_MOVER_POD',
      description: "members put over the spec of the Jobs' Pods: nodeSelector, tolerations, affinity, securityContext",
      default: {},
    },
    moverContainer: {
      type: 'object',
      variable: 'MOORING_MOVER_CONTAINER',
      description: "members put over the container of the Jobs' Pods: resources, securityContext, imagePullPolicy",
      default: {},
    },
  },
  required: [...serviceConfigSchema.required, 'moverImage'],
} as const satisfies ConfigSchema;

/** What {@link moverConfigSchema} gives. */
export type MoverConfig = ConfigOf<typeof moverConfigSchema>;

/** What `moverJob` of @mooring/api needs of a service's configuration. The mover gets this service's own surroundings. */
export function moverSettings(config: MoverConfig): MoverSettings {
  const { objectNamespace, allowedSchemes, logLevel, otlpEndpoint } = config;
  const { variable: namespaceVariable } = serviceConfigSchema.properties.objectNamespace;
  const { variable: schemesVariable } = serviceConfigSchema.properties.allowedSchemes;
  const { variable: levelVariable } = serviceConfigSchema.properties.logLevel;
  const { variable: collectorVariable } = serviceConfigSchema.properties.otlpEndpoint;
  return {
    namespace: config.namespace,
    image: config.moverImage,
    serviceAccount: config.moverServiceAccount,
    env: {
      [namespaceVariable]: objectNamespace,
      [schemesVariable]: allowedSchemes.join(','),
      [levelVariable]: logLevel,
      ...(otlpEndpoint === undefined ? {} : { [collectorVariable]: otlpEndpoint }),
    },
    podLabels: config.moverPodLabels,
    podAnnotations: config.moverPodAnnotations,
    pod: config.moverPod,
    container: config.moverContainer,
  };
}
