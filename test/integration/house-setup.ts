/** What the tests of backups and restores share: all controllers in this process and a node with real movers, over a real API server. */
import { join } from 'node:path';
import { API_VERSION, type ResourceType, resources } from '@mooring/api';
import { type Clock, KubeClient, noLog, noMetrics, systemClock } from '@mooring/runtime';
import {
  type ControlPlane,
  eventually,
  sharedControlPlane,
  startNode,
  temporaryFolder,
  testNamespace,
} from '@mooring/testing';
import { createBackupController } from '../../services/backup-controller/src/controller.ts';
import { createTargetController } from '../../services/target-controller/src/controller.ts';
import { createVolumeController } from '../../services/volume-controller/src/controller.ts';
import { moverSettingsIn } from './mover-settings.ts';

/** A namespace in which everything works that moves data, and hands to act as a user. */
export interface HouseSetup {
  readonly namespace: string;
  readonly kube: KubeClient;
  /** For the files of volumes. */
  readonly folder: string;
  /** Starts backup-controller; after so many writes all further ones are refused, as if it had been killed there. */
  startBackups(writes?: number, clock?: Clock): Promise<RunningBackups>;
  create<T>(kind: keyof typeof TYPES, name: string, parts: ObjectParts): Promise<T>;
  get<T>(type: ResourceType, name: string): Promise<T | undefined>;
  list<T>(type: ResourceType): Promise<T[]>;
  remove(type: ResourceType, name: string): Promise<void>;
  /** Waits until `check` holds for the object. */
  until<T>(type: ResourceType, name: string, check: (object: T) => boolean): Promise<T>;
  /** Waits until the object is gone. */
  gone(type: ResourceType, name: string): Promise<void>;
  stop(): Promise<void>;
}

/** A running backup-controller. */
export interface RunningBackups {
  /** Whether a write was refused. */
  readonly isDead: () => boolean;
  stop(): Promise<void>;
}

/** What an object is made of, besides its kind and name. */
export interface ObjectParts {
  readonly spec: object;
  readonly labels?: Readonly<Record<string, string>>;
}

const TYPES = {
  BackupTarget: resources.backupTargets,
  Volume: resources.volumes,
  Snapshot: resources.snapshots,
  RecurringJob: resources.recurringJobs,
  Backup: resources.backups,
} as const;

const MOVER_MAIN = join(import.meta.dirname, '../../services/mover/src/main.ts');

/** Where a house is started. */
export interface HouseOptions {
  /** Default: the shared one. */
  readonly controlPlane?: ControlPlane;
  /** Default: a new one. */
  readonly namespace?: string;
  /** False: the test starts backup-controller by itself. Default true. */
  readonly withBackups?: boolean;
}

/** Starts it all. */
export async function startHouseSetup(options: HouseOptions = {}): Promise<HouseSetup> {
  const controlPlane = options.controlPlane ?? (await sharedControlPlane());
  const namespace = options.namespace ?? (await testNamespace('house')).name;
  const folder = await temporaryFolder('volumes');
  const kube = await KubeClient.fromKubeconfig(controlPlane.kubeconfig);
  await giveRights(kube, namespace);
  const node = await startNode({
    controlPlane,
    namespace,
    folder: await temporaryFolder('node'),
    name: namespace,
    images: { 'mooring/mover:test': { command: process.execPath, args: [MOVER_MAIN] } },
  });
  const client = await KubeClient.fromKubeconfig(controlPlane.kubeconfig);
  const parts = { client, namespace, allowedSchemes: ['vfs', 's3'] as const, mover: moverSettingsIn(namespace) };
  const surroundings = { instance: 'test', clock: systemClock, metrics: noMetrics, log: noLog };
  const groups = [createTargetController({ ...parts, ...surroundings }), createVolumeController(parts)];
  await Promise.all(groups.map((group) => group.start()));
  for (const group of groups) group.run();
  const stops = groups.map((group) => () => group.stop(0));
  const startBackups = async (writes = Infinity, clock?: Clock): Promise<RunningBackups> => {
    let made = 0;
    const fenced = client.fenced(() => ++made <= writes);
    const group = createBackupController({ ...parts, client: fenced, clock });
    await group.start();
    group.run();
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= group.stop(0));
    stops.push(stop);
    return { isDead: () => made > writes, stop };
  };
  if (options.withBackups !== false) await startBackups();
  return {
    namespace,
    kube,
    folder,
    startBackups,
    ...handsOf(kube, namespace),
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      await node.stop();
      client.close();
      kube.close();
    },
  };
}

/** The mover's ServiceAccount may do all in the namespace here; what it may do in an installation is the chart's tests' matter. */
async function giveRights(kube: KubeClient, namespace: string): Promise<void> {
  const account = { kind: 'ServiceAccount', name: 'mooring-mover', namespace };
  const post = (path: string, body: object) => kube.request({ method: 'POST', path, body });
  await post(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: account.name },
  });
  await post(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: account.name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [account],
  });
}

function handsOf(kube: KubeClient, namespace: string) {
  const get = <T>(type: ResourceType, name: string): Promise<T | undefined> => kube.find<T>(type, { namespace, name });
  return {
    get,
    create: async <T>(kind: keyof typeof TYPES, name: string, { spec, labels = {} }: ObjectParts): Promise<T> => {
      const metadata = { namespace, name, labels };
      return await kube.create<T>(TYPES[kind], { apiVersion: API_VERSION, kind, metadata, spec });
    },
    list: async <T>(type: ResourceType) => (await kube.list<T>(type, { namespace })).items,
    remove: async (type: ResourceType, name: string) => {
      await kube.delete(type, { namespace, name });
    },
    until: async <T>(type: ResourceType, name: string, check: (object: T) => boolean): Promise<T> => {
      let last: T | undefined;
      try {
        return await eventually(
          async () => {
            last = await get<T>(type, name);
            return last !== undefined && check(last) && last;
          },
          { timeoutMs: 60_000 },
        );
      } catch (cause) {
        throw new Error(`${type.kind} '${name}' did not come so far: ${JSON.stringify(last)}`, { cause });
      }
    },
    gone: async (type: ResourceType, name: string) => {
      await eventually(async () => (await get(type, name)) === undefined, { timeoutMs: 60_000 });
    },
  };
}
