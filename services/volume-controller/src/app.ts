import { resources } from '@mooring/api';
import { type MoverConfig, moverSettings } from '@mooring/config';
import { type ServiceContext, startControllerService } from '@mooring/runtime';
import { type Logger, metrics } from '@mooring/telemetry';
import { createVolumeController } from './controller.ts';

/** Name of this service: of its Lease, its log lines and its traces. */
export const SERVICE = 'volume-controller';

/** Starts everything; a standby keeps its caches warm. Throws what cannot be started. */
export async function startApp(context: ServiceContext, config: MoverConfig, log: Logger): Promise<void> {
  const { objectNamespace: namespace, allowedSchemes, coexistence } = config;
  const mover = moverSettings(config);
  await startControllerService({
    name: SERVICE,
    config,
    log,
    context,
    types: [resources.backupVolumes, resources.volumes],
    create: (client) => createVolumeController({ client, namespace, allowedSchemes, mover, coexistence, log, metrics }),
  });
}
