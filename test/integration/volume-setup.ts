/** What the tests of volume-controller and backup-controller share: both controllers in this process, over a real API server. */
import {
  API_VERSION,
  type Backup,
  type BackupTarget,
  type BackupVolume,
  backupVolumeName,
  labelValue,
  type ResourceType,
  resources,
  storeHash,
} from '@mooring/api';
import { KubeClient } from '@mooring/runtime';
import { eventually, sharedControlPlane, testNamespace } from '@mooring/testing';
import { createBackupController } from '../../services/backup-controller/src/controller.ts';
import { createVolumeController } from '../../services/volume-controller/src/controller.ts';
import { moverSettingsIn } from './mover-settings.ts';
import { RequestCounts } from './request-counts.ts';

/** A namespace with both controllers, and hands to act as target-controller and as a user. */
export interface VolumeSetup {
  readonly namespace: string;
  readonly kube: KubeClient;
  readonly counts: RequestCounts;
  readonly volumes: ReturnType<typeof createVolumeController>;
  readonly backups: ReturnType<typeof createBackupController>;
  /** Creates an available target, or sets its availability. */
  target(name: string, url: string, options?: { secret?: string; available?: boolean }): Promise<BackupTarget>;
  /** Creates the BackupVolume of a volume as target-controller does. */
  volume(name: string, target?: string, annotations?: Readonly<Record<string, string>>): Promise<BackupVolume>;
  /** Asks for a sync of a BackupVolume, and waits until it is answered. */
  sync(volume: BackupVolume): Promise<BackupVolume>;
  get<T>(type: ResourceType, name: string): Promise<T | undefined>;
  list<T>(type: ResourceType): Promise<T[]>;
  /** Waits until both controllers have nothing to do and all their objects are synced. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both controllers in a namespace of their own. */
export async function startVolumeSetup(): Promise<VolumeSetup> {
  const { kubeconfig } = await sharedControlPlane();
  const { name: namespace } = await testNamespace('volume');
  const counts = new RequestCounts();
  const kube = await KubeClient.fromKubeconfig(kubeconfig);
  const client = await KubeClient.fromKubeconfig(kubeconfig, { metrics: counts });
  const options = { client, namespace, allowedSchemes: ['vfs', 's3'] as const, mover: moverSettingsIn(namespace) };
  const volumes = createVolumeController(options);
  const backups = createBackupController(options);
  await Promise.all([volumes.start(), backups.start()]);
  volumes.run();
  backups.run();
  return {
    namespace,
    kube,
    counts,
    volumes,
    backups,
    ...handsOf(kube, namespace),
    settled: () => settledIn(kube, namespace),
    stop: async () => {
      await Promise.all([volumes.stop(0), backups.stop(0)]);
      client.close();
      kube.close();
    },
  };
}

type Hands = Pick<VolumeSetup, 'target' | 'volume' | 'sync' | 'get' | 'list'>;

/** What a test does to objects. */
export function handsOf(kube: KubeClient, namespace: string): Hands {
  const get = <T>(type: ResourceType, name: string): Promise<T | undefined> => kube.find<T>(type, { namespace, name });
  return {
    get,
    list: async <T>(type: ResourceType) => (await kube.list<T>(type, { namespace })).items,
    target: async (name, url, { secret = '', available = true } = {}) => {
      const known = await get<BackupTarget>(resources.backupTargets, name);
      if (known === undefined) {
        const spec = { backupTargetURL: url, credentialSecret: secret, pollInterval: '0s' };
        await kube.create(resources.backupTargets, objectOf('BackupTarget', { namespace, name }, spec));
      }
      const condition = { type: 'Unavailable', status: available ? 'False' : 'True', lastProbeTime: '' };
      const conditions = [{ ...condition, lastTransitionTime: '', reason: '', message: '' }];
      const ref = { namespace, name, subresource: 'status' };
      return await kube.patch(resources.backupTargets, ref, { status: { available, conditions } }, { kind: 'merge' });
    },
    volume: async (volumeName, target = 'default', annotations = {}) => {
      const owner = await get<BackupTarget>(resources.backupTargets, target);
      const metadata = {
        namespace,
        name: backupVolumeName(volumeName, target),
        labels: { 'backup-target': target, 'backup-volume': labelValue(volumeName) },
        annotations: {
          'mooring.io/target-uid': owner?.metadata.uid ?? '',
          'mooring.io/store': storeHash({ url: owner?.spec.backupTargetURL ?? 'vfs:///nowhere' }),
          'mooring.io/store-name': volumeName,
          ...annotations,
        },
        finalizers: ['longhorn.io'],
      };
      const spec = { backupTargetName: target, volumeName };
      return await kube.create<BackupVolume>(resources.backupVolumes, objectOf('BackupVolume', metadata, spec));
    },
    sync: async ({ metadata: { name } }) => {
      const syncRequestedAt = new Date().toISOString();
      await kube.patch(resources.backupVolumes, { namespace, name }, { spec: { syncRequestedAt } }, { kind: 'merge' });
      return await eventually(async () => {
        const volume = await kube.get<BackupVolume>(resources.backupVolumes, { namespace, name });
        return volume.status?.observedSyncRequestedAt === syncRequestedAt && volume;
      });
    },
  };
}

function objectOf(
  kind: string,
  metadata: { namespace: string; name: string },
  spec: object,
): Parameters<KubeClient['create']>[1] {
  return Object.assign({ metadata }, { apiVersion: API_VERSION, kind, spec });
}

/** What `settledIn` also waits for. */
export interface SettledOptions {
  /** Number of Backups. */
  readonly backups?: number;
  /** Name of a Backup that is to be gone. */
  readonly without?: string;
}

/** Waits until every object of a namespace has answered its last request to sync. */
export async function settledIn(kube: KubeClient, namespace: string, options: SettledOptions = {}): Promise<void> {
  await eventually(
    async () => {
      const volumes = await kube.list<BackupVolume>(resources.backupVolumes, { namespace });
      const backups = await kube.list<Backup>(resources.backups, { namespace });
      if (options.backups !== undefined && backups.items.length !== options.backups) return false;
      if (backups.items.some(({ metadata }) => metadata.name === options.without)) return false;
      return [...volumes.items, ...backups.items].every(isAnswered);
    },
    { what: 'all objects are synced', timeoutMs: 15_000 },
  );
}

function isAnswered({ spec, status }: Pick<BackupVolume, 'spec' | 'status'>): boolean {
  const [asked, answered] = [spec.syncRequestedAt ?? undefined, status?.observedSyncRequestedAt ?? undefined];
  return Boolean(status?.lastSyncedAt) && asked === answered;
}
