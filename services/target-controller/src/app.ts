import { resources } from '@mooring/api';
import type { ServiceConfig } from '@mooring/config';
import { type ServiceContext, startControllerService, systemClock } from '@mooring/runtime';
import { type Logger, metrics } from '@mooring/telemetry';
import { createTargetController } from './controller.ts';

/** Name of this service: of its Lease, its log lines and its traces. */
export const SERVICE = 'target-controller';

/** Starts everything; a standby keeps its caches warm. Throws what cannot be started. */
export async function startApp(context: ServiceContext, config: ServiceConfig, log: Logger): Promise<void> {
  const { objectNamespace: namespace, allowedSchemes, instanceId: instance } = config;
  const base = { namespace, allowedSchemes, instance, clock: systemClock, log, metrics };
  await startControllerService({
    name: SERVICE,
    config,
    log,
    context,
    types: [resources.backupTargets, resources.backupBackingImages, resources.systemBackups],
    create: (client) => createTargetController({ ...base, client }),
  });
}
