/** What the tests of target-controller share: the controller in this process, over a real API server and real stores. */
import {
  API_VERSION,
  type BackupTarget,
  type BackupTargetSpec,
  type BackupVolume,
  type Condition,
  FINALIZER,
  findCondition,
  type ResourceType,
  resources,
} from '@mooring/api';
import {
  type Clock,
  coreResources,
  createInformer,
  KubeClient,
  noLog,
  noMetrics,
  removeFinalizer,
  systemClock,
} from '@mooring/runtime';
import { eventually, sharedControlPlane, testNamespace } from '@mooring/testing';
import { createTargetController } from '../../services/target-controller/src/controller.ts';
import { RequestCounts } from './request-counts.ts';

/** How a controller is started. */
export interface StartOptions {
  readonly clock?: Clock;
  /** After so many writes every further one fails, as if the process had been killed there. */
  readonly dieAfterWrites?: number;
}

/** A running controller. */
export interface RunningController {
  readonly controller: ReturnType<typeof createTargetController>;
  /** Whether a write was refused. */
  readonly isDead: () => boolean;
  stop(): Promise<void>;
}

/** A namespace with hands to act as a user. */
export interface TargetSetup {
  readonly namespace: string;
  readonly kube: KubeClient;
  readonly counts: RequestCounts;
  start(options?: StartOptions): Promise<RunningController>;
  /** Stops everything that was started. */
  stop(): Promise<void>;
  createTarget(name: string, spec: BackupTargetSpec): Promise<BackupTarget>;
  patchTarget(name: string, change: object): Promise<BackupTarget>;
  deleteTarget(name: string): Promise<void>;
  createSecret(name: string, values: Readonly<Record<string, string>>): Promise<void>;
  get<T>(type: ResourceType, name: string): Promise<T | undefined>;
  list<T>(type: ResourceType): Promise<T[]>;
  /** Waits until the target's `Ready` has this status and, when given, reason. */
  ready(name: string, status: 'True' | 'False', reason?: string): Promise<BackupTarget>;
  /** Asks for a sync and waits until it has succeeded. */
  sync(name: string): Promise<BackupTarget>;
  /** Names of the volumes that have a BackupVolume in the target, sorted; objects being deleted are left out. */
  volumes(target: string): Promise<string[]>;
  reasons(name: string): Promise<string[]>;
}

/** Makes a namespace, or uses a given one (and control plane); `letGo` acts as volume-controller for BackupVolumes that are being deleted. */
export async function createTargetSetup(
  options: { readonly letGo?: boolean; readonly namespace?: string; readonly kubeconfig?: string } = {},
): Promise<TargetSetup> {
  const { letGo = true } = options;
  const kubeconfig = options.kubeconfig ?? (await sharedControlPlane()).kubeconfig;
  const namespace = options.namespace ?? (await testNamespace('target')).name;
  const kube = await KubeClient.fromKubeconfig(kubeconfig);
  const counts = new RequestCounts();
  const stops: (() => Promise<void> | void)[] = [() => kube.close()];
  if (letGo) stops.push(await startVolumeReleaser(kube, namespace));
  return {
    namespace,
    kube,
    counts,
    start: async (options) => {
      const running = await startController({ namespace, kubeconfig, counts, ...options });
      stops.push(() => running.stop());
      return running;
    },
    stop: async () => {
      for (const stop of stops.reverse()) await stop();
    },
    ...handsOf(kube, namespace),
  };
}

async function startController(
  options: StartOptions & { namespace: string; kubeconfig: string; counts: RequestCounts },
): Promise<RunningController> {
  const { namespace, kubeconfig, counts, clock = systemClock, dieAfterWrites = Infinity } = options;
  const client = await KubeClient.fromKubeconfig(kubeconfig, { metrics: counts });
  let writes = 0;
  const controller = createTargetController({
    client: client.fenced(() => ++writes <= dieAfterWrites),
    namespace,
    allowedSchemes: ['vfs', 's3'],
    instance: 'test',
    clock,
    metrics: noMetrics,
    log: noLog,
    random: () => 0,
  });
  await controller.start();
  controller.run();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await controller.stop(0);
    client.close();
  };
  return { controller, isDead: () => writes > dieAfterWrites, stop: () => (stopping ??= stop()) };
}

/** Removes our finalizer from deleted BackupVolumes, as volume-controller does. */
async function startVolumeReleaser(client: KubeClient, namespace: string): Promise<() => Promise<void>> {
  const informer = createInformer<BackupVolume>({
    client,
    type: resources.backupVolumes,
    namespace,
    onChange: ({ new: object }) => {
      if (!object?.metadata.deletionTimestamp) return;
      void removeFinalizer({ client, type: resources.backupVolumes, object, finalizer: FINALIZER }).catch(
        () => undefined,
      );
    },
  });
  informer.start();
  await informer.whenSynced();
  return () => informer.stop();
}

type Hands = Omit<TargetSetup, 'namespace' | 'kube' | 'counts' | 'start' | 'stop'>;

function handsOf(kube: KubeClient, namespace: string): Hands {
  const type = resources.backupTargets;
  const get = <T>(kind: ResourceType, name: string): Promise<T | undefined> => kube.find<T>(kind, { namespace, name });
  const patchTarget = (name: string, change: object): Promise<BackupTarget> =>
    kube.patch<BackupTarget>(type, { namespace, name }, change, { kind: 'merge' });
  const list = async <T>(kind: ResourceType): Promise<T[]> => (await kube.list<T>(kind, { namespace })).items;
  return {
    get,
    list,
    patchTarget,
    createTarget: (name, spec) =>
      kube.create<BackupTarget>(type, {
        apiVersion: API_VERSION,
        kind: 'BackupTarget',
        metadata: { namespace, name },
        spec,
      }),
    deleteTarget: (name) => kube.delete(type, { namespace, name }),
    createSecret: async (name, values) => {
      const data = Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      );
      await kube.create(coreResources.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace, name },
        data,
      });
    },
    ready: (name, status, reason) =>
      eventually(
        async () => {
          const target = await kube.get<BackupTarget>(type, { namespace, name });
          const ready = readyOf(target);
          const isIt = ready?.status === status && (reason === undefined || ready.reason === reason);
          if (!isIt)
            throw new Error(`Ready is ${ready?.status ?? '-'} ${ready?.reason ?? ''}: ${ready?.message ?? ''}`);
          return target;
        },
        { what: `target '${name}' is Ready=${status} ${reason ?? ''}` },
      ),
    sync: async (name) => {
      const syncRequestedAt = new Date(Date.now() + Math.floor(Math.random() * 1e6)).toISOString();
      await patchTarget(name, { spec: { syncRequestedAt } });
      return eventually(
        async () => {
          const target = await kube.get<BackupTarget>(type, { namespace, name });
          return target.status?.observedSyncRequestedAt === syncRequestedAt && target;
        },
        { what: `target '${name}' has synced` },
      );
    },
    volumes: async (target) =>
      (await list<BackupVolume>(resources.backupVolumes))
        .filter(({ metadata, spec }) => spec.backupTargetName === target && !metadata.deletionTimestamp)
        .map(({ spec }) => spec.volumeName ?? '')
        .sort(),
    reasons: async (name) => {
      const events = await list<{ involvedObject: { name: string }; reason: string }>(coreResources.events);
      return events.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason }) => reason);
    },
  };
}

/** The `Ready` condition of a target. */
export function readyOf(target: BackupTarget): Readonly<Partial<Condition>> | undefined {
  return findCondition(target.status?.conditions, 'Ready');
}
