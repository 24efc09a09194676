import { join, resolve } from 'node:path';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import type { ProcessStarter } from '../processes/process-spec.ts';
import { createSupervisor } from '../processes/supervisor.ts';
import { bundleServices, hasServiceSource, serviceSource } from './bundle.ts';
import { holdDataFolder } from './data-folder.ts';
import { installChart, prepareChart } from './install.ts';
import { keepInstalled } from './keep-installed.ts';
import { provideSample, provideSampleVolume } from './provide-sample.ts';
import { choosePorts, loadState } from './saved-state.ts';
import { startMoverNode } from './mover-node.ts';
import { MOVER, SERVICES } from './services.ts';
import { describeServices, startServices, type ServiceInfo } from './start-services.ts';
import { createTeardown, type Teardown } from './teardown.ts';

/** How the embedded Mooring is started. */
export interface EmbeddedOptions {
  /** A later start on it resumes. */
  dataDir: string;
  /** Whether to make the sample targets; default false. */
  sample?: boolean;
  /** Namespace of the objects; default `longhorn-system`. */
  namespace?: string;
  /** Gets one line per event that a user should know of; default: nowhere. */
  say?: (line: string) => void;
  /** Called once the data folder is this process's, before anything is started. */
  onFolderHeld?: () => Promise<void>;
  /** Called when a process was started again: its pid is another one. */
  onRestart?: (name: string) => void;
  /** True: the services run from their sources instead of bundles (slower to start, more memory). */
  fromSources?: boolean;
  /** Ends a start that is under way; what was started is stopped. */
  signal?: AbortSignal;
}

/** A running embedded Mooring. */
export interface Embedded {
  controlPlane: ControlPlane;
  /** The admin's kubeconfig file. */
  kubeconfig: string;
  /** Namespace of the objects. */
  namespace: string;
  /** The services now; pids change when one is started again. */
  services(): Record<string, ServiceInfo>;
  /** Seconds that each part of the start took; parts overlap. */
  timings: Record<string, number>;
  /** With the sample: backs up and restores a volume, once for a data folder, and says so; resolves when that is over, also when it failed. */
  showBackups(): Promise<void>;
  /** Stops services, control plane and watchdog in that order; idempotent. */
  stop(): Promise<void>;
}

type FullOptions = Required<Omit<EmbeddedOptions, 'onFolderHeld' | 'onRestart' | 'signal'>> & EmbeddedOptions;

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm'] as const;
const PORTS = ['kube-apiserver', 'etcd', 'etcd peers', ...SERVICES.map((service) => `${service} health`)] as const;
const WEBHOOKS = ['mutating-webhook', 'validating-webhook'] as const;

function createTimings() {
  const timings: Record<string, number> = {};
  const measure = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const value = await work;
    timings[name] = Number(((performance.now() - startedAt) / 1_000).toFixed(2));
    return value;
  };
  return { timings, measure };
}

/** The entry file of each program. */
async function prepareEntries({ dataDir, fromSources }: FullOptions): Promise<Record<string, string>> {
  const programs = [...SERVICES, MOVER];
  const missing = programs.filter((program) => !hasServiceSource(program));
  if (missing.length > 0) {
    throw new Error(`failed to find program '${missing.join(', ')}': it has no src/main.ts; is the checkout complete?`);
  }
  if (fromSources) return Object.fromEntries(programs.map((program) => [program, serviceSource(program)]));
  return bundleServices(programs, join(dataDir, 'bundles'));
}

interface Run {
  options: FullOptions;
  teardown: Teardown;
  measure: ReturnType<typeof createTimings>['measure'];
  ports: Record<string, number>;
  start: ProcessStarter;
}

/** The control plane with the chart installed, and the services' entry files. */
async function prepare(run: Run) {
  const { ports, measure, start, teardown } = run;
  const { dataDir, namespace, say, signal } = run.options;
  const port = (name: string) => ports[name] ?? 0;
  const mutatingPort = port('mutating-webhook');
  const validatingPort = port('validating-webhook');
  const controlPlanePorts = {
    apiServer: port('kube-apiserver'),
    etcdClient: port('etcd'),
    etcdPeer: port('etcd peers'),
  };
  // The API server needs about 3 s: helm and esbuild work meanwhile.
  const entriesReady = measure('bundle', prepareEntries(run.options));
  const chartReady = measure('render chart', prepareChart({ namespace, mutatingPort, validatingPort, log: say }));
  const controlPlaneReady = measure(
    'control plane',
    startControlPlane({ dataDir, ports: controlPlanePorts, isDurable: true, log: say, start, namespace }),
  );
  // Both are awaited below; when the control plane fails first, their errors matter no more.
  for (const work of [entriesReady, chartReady]) work.catch(() => undefined);
  const controlPlane = await controlPlaneReady;
  teardown.push('control plane', () => controlPlane.stop());
  const { [MOVER]: mover = '', ...entries } = await entriesReady;
  signal?.throwIfAborted();
  const manifests = await chartReady;
  await measure('install chart', installChart(controlPlane.api, manifests));
  teardown.push('chart', await keepInstalled({ controlPlane, namespace, manifests, say }));
  signal?.throwIfAborted();
  return { controlPlane, entries, mover };
}

async function startAll(options: FullOptions, teardown: Teardown): Promise<Omit<Embedded, 'stop'>> {
  const { dataDir, namespace, say } = options;
  const { timings, measure } = createTimings();
  await measure('binaries', ensureBinaries(PROGRAMS, { log: say }));
  const folder = await holdDataFolder(dataDir, say);
  teardown.push('data folder', () => folder.release());
  await options.onFolderHeld?.();
  const saved = await loadState(join(dataDir, 'state.json'));
  const ports: Record<string, number> = await choosePorts([...PORTS, ...WEBHOOKS], saved.state, say);
  await saved.save();
  const start = createSupervisor({
    ...folder,
    say,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onRestart === undefined ? {} : { onRestart: options.onRestart }),
  });
  const { controlPlane, entries, mover } = await prepare({ options, teardown, measure, ports, start });
  const [running] = await Promise.all([
    measure('services', startServices({ controlPlane, entries, ports, dataDir, namespace, start, say, teardown })),
    measure('node', startMoverNode({ controlPlane, mover, dataDir, surroundings: folder, say, teardown })),
  ]);
  options.signal?.throwIfAborted();
  const sample = { api: controlPlane.api, namespace, dataDir, saved, say, signal: options.signal };
  if (options.sample) await measure('sample', provideSample(sample));
  const ending = new AbortController();
  let showing: Promise<void> | undefined;
  teardown.push('sample', async () => {
    ending.abort();
    await showing;
  });
  return {
    controlPlane,
    kubeconfig: controlPlane.kubeconfig,
    namespace,
    services: () => describeServices(running, ports),
    timings,
    showBackups: () =>
      (showing ??= options.sample ? provideSampleVolume({ ...sample, signal: ending.signal }) : Promise.resolve()),
  };
}

/**
 * Starts everything that `npm start` starts: control plane, chart, services, sample. Resolves when all services are
 * ready and the sample is synced. When a part does not start, the rest is stopped and its error thrown.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const full: FullOptions = {
    sample: false,
    namespace: 'longhorn-system',
    say: () => undefined,
    fromSources: false,
    ...options,
    dataDir: resolve(options.dataDir),
  };
  const teardown = createTeardown(full.say);
  try {
    return { ...(await startAll(full, teardown)), stop: () => teardown.run() };
  } catch (error) {
    await teardown.run();
    throw error;
  }
}
