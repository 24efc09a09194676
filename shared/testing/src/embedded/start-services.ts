import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { ProcessStarter, RunningProcess } from '../processes/process-spec.ts';
import { provideCredentials } from './credentials.ts';
import { healthBase, RELEASE_NAMESPACE, serviceSpec, type ServiceName } from './services.ts';
import type { Teardown } from './teardown.ts';

/** One service's process. */
export interface ServiceInfo {
  pid: number;
  /** `http://127.0.0.1:<port>/healthz` */
  healthUrl: string;
  /** `http://127.0.0.1:<port>/metrics` */
  metricsUrl: string;
}

/** What the services are started with. */
export interface StartServicesInput {
  controlPlane: ControlPlane;
  /** Entry file of each service that is to run. */
  entries: Partial<Record<ServiceName, string>>;
  /** By `<webhook>` and `<service> health`. */
  ports: Record<string, number>;
  /** Absolute. */
  dataDir: string;
  /** Namespace of the objects. */
  namespace: string;
  start: ProcessStarter;
  say: (line: string) => void;
  /** Gets what ends them. */
  teardown: Teardown;
}

async function startOne(service: ServiceName, entry: string, input: StartServicesInput): Promise<RunningProcess> {
  const { controlPlane, ports, dataDir, namespace, say } = input;
  const credentials = await provideCredentials({
    controlPlane,
    account: { namespace: RELEASE_NAMESPACE, name: `mooring-${service}` },
    folder: join(dataDir, 'services', service),
    namespace,
    say,
  });
  input.teardown.push(`${service} credentials`, credentials.stop);
  const webhookPort = ports[service];
  const running = await input.start(
    serviceSpec({
      service,
      entry,
      kubeconfig: credentials.kubeconfig,
      namespace,
      healthPort: ports[`${service} health`] ?? 0,
      ...(webhookPort === undefined ? {} : { webhookPort }),
      dataDir,
    }),
  );
  return running;
}

/**
 * Starts all services at once, each with the credentials of its own ServiceAccount, and resolves when all are ready.
 * When one does not start, its error is thrown; the others are stopped by the teardown.
 */
export async function startServices(input: StartServicesInput): Promise<RunningProcess[]> {
  const running: RunningProcess[] = [];
  input.teardown.push('services', async () => {
    await Promise.all(running.map((one) => one.stop()));
  });
  const outcomes = await Promise.allSettled(
    Object.entries(input.entries).map(async ([service, entry]) => {
      running.push(await startOne(service as ServiceName, entry, input));
    }),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return running;
}

/** What the ready file says of the services. */
export function describeServices(
  running: readonly RunningProcess[],
  ports: Record<string, number>,
): Record<string, ServiceInfo> {
  const described = running.map((one): [string, ServiceInfo] => {
    const base = healthBase(ports[`${one.name} health`] ?? 0);
    return [one.name, { pid: one.pid(), healthUrl: `${base}/healthz`, metricsUrl: `${base}/metrics` }];
  });
  return Object.fromEntries(described.sort(([a], [b]) => a.localeCompare(b)));
}
