import {
  type BackupTarget,
  type BackupVolume,
  LABEL_BACKUP_TARGET,
  labelValue,
  type MoverRun,
  resources,
  restoreSource,
  type Setting,
  type Volume,
} from '@mooring/api';
import {
  type CachedObject,
  type Change,
  createInformer,
  createMoverCache,
  type Informer,
  type KubeClient,
  keyOf,
  type Log,
  type Metrics,
} from '@mooring/runtime';
import { modeOf } from './policies.ts';

/** What is known, without asking, of what is restored into. */
export interface RestoreCaches {
  /** Volumes of this cluster; `volumes` are those of the stores. */
  readonly userVolumes: Informer<Volume & CachedObject>;
  /** Jobs that move data, of other services too. */
  readonly runs: Informer<MoverRun>;
  readonly settings: Informer<Setting & CachedObject>;
}

/** What `createRestoreCaches` needs. */
export interface RestoreCacheOptions {
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  /** Of the Jobs. */
  readonly jobNamespace: string;
  /** Asks for a pass over the Volume with this key. */
  readonly enqueue: (key: string) => void;
  /** Called when a Job changes. */
  readonly onRun: (run: MoverRun) => void;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** Index of `userVolumes`: by the names, in label form, of the volumes in stores that it is about: its own, and the one that it comes from. */
const BY_STORE_VOLUME = 'store-volume';

/** Makes the informers and says which change asks for which pass. Nothing is read before they are started. */
export function createRestoreCaches(options: RestoreCacheOptions): RestoreCaches {
  const { client, namespace, jobNamespace, enqueue, onRun, log, metrics } = options;
  const common = { client, namespace, log, metrics };
  const caches: RestoreCaches = {
    userVolumes: createInformer<Volume & CachedObject>({
      ...common,
      type: resources.volumes,
      indexers: { [BY_STORE_VOLUME]: storeVolumesOf },
      onChange: (change) => {
        if (isWorthAPass(change)) enqueue(change.key);
      },
    }),
    runs: createMoverCache({
      ...common,
      namespace: jobNamespace,
      onChange: ({ type, old, new: current }) => {
        const run = type === 'deleted' ? old : current;
        onRun(run);
        enqueue(`${namespace}/${run.objectName}`);
        // Whoever waited for it may have its turn.
        if (current === undefined || current.state.kind !== old?.state.kind) restoringKeys(caches).forEach(enqueue);
      },
    }),
    settings: createInformer<Setting & CachedObject>({
      ...common,
      type: resources.settings,
      onChange: () => restoringKeys(caches).forEach(enqueue),
    }),
  };
  return caches;
}

/** Keys of the Volumes that have something to restore, or may have soon. */
export function restoringKeys({ userVolumes }: RestoreCaches): string[] {
  return userVolumes
    .list()
    .filter((volume) => modeOf(volume) !== 'none')
    .map(keyOf);
}

/** Keys of the Volumes that a volume of a store concerns: it is their backup, or what they come from. */
export function keysOfStoreVolume({ userVolumes }: RestoreCaches, volumeLabel: string): string[] {
  return userVolumes.byIndex(BY_STORE_VOLUME, volumeLabel).map(keyOf);
}

/** The volume's name in label form of a BackupVolume, as {@link keysOfStoreVolume} takes it. */
export function storeVolumeLabel({ spec }: BackupVolume): string {
  return labelValue(spec.volumeName ?? '');
}

/** Whether a change of a target can end a wait of a Volume. */
export function isTargetNews(old: BackupTarget | undefined, current: BackupTarget): boolean {
  const textOf = ({ metadata, spec, status }: BackupTarget): string =>
    JSON.stringify([metadata.uid, spec, status?.available, status?.lastSyncedAt, status?.conditions]);
  return old === undefined || textOf(old) !== textOf(current);
}

function storeVolumesOf({ metadata, spec }: Volume): string[] {
  const source = restoreSource(spec.fromBackup ?? '');
  return [...new Set([metadata.name, ...(source === undefined ? [] : [source.volume])])].map(labelValue);
}

/** The mover's progress is no news; why it failed, and what it waits for, is. */
function isWorthAPass({ old, new: current }: Change<Volume & CachedObject>): boolean {
  if (current === undefined) return false;
  return old === undefined || textOf(old) !== textOf(current);
}

function textOf({ metadata, spec, status }: Volume): string {
  const { restoreError, restoreWaiting, restoreRun, lastRestoredBackup, isStandby, restoreRequired } = status ?? {};
  const said = [restoreError, restoreWaiting, restoreRun, lastRestoredBackup, isStandby, restoreRequired];
  const { uid, generation, deletionTimestamp, finalizers, labels } = metadata;
  return JSON.stringify([uid, generation, deletionTimestamp, finalizers, labels?.[LABEL_BACKUP_TARGET], spec, said]);
}
