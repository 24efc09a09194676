import { type BackupTarget, isTargetOpening, resources } from '@mooring/api';
import {
  type CachedObject,
  type Change,
  createInformer,
  type Informer,
  Interner,
  keyOf,
  type KubeClient,
  type Log,
  type Metrics,
  type SecretCache,
  type SecretVersion,
} from '@mooring/runtime';
import { type BackupEntry, toBackupEntry } from './backup-entry.ts';
import { isCreating } from './creation/policies.ts';
import { needsPass, needsRemoval } from './policies.ts';
import { toVolumeEntry, type VolumeEntry, volumeKey, volumeKeyOf } from './volume-entry.ts';

/** Everything that this process knows of the cluster without asking. */
export interface Caches {
  readonly backups: Informer<BackupEntry>;
  readonly volumes: Informer<VolumeEntry>;
  readonly targets: Informer<BackupTarget & CachedObject>;
  /** Which there are, in which version; what is in them is read by `TargetStores`. */
  readonly secrets: Informer<SecretVersion>;
}

/** What `createCaches` needs. */
export interface CacheOptions {
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly secrets: SecretCache;
  /** Asks for a pass over the Backup with this key, as a pulled one. */
  readonly enqueue: (key: string) => void;
  /** A Backup that is or was made here came, went, or changed. */
  readonly onLocal: (change: Change<BackupEntry>) => void;
  /** A Backup is gone whose data were being removed. */
  readonly onRemoved: (entry: BackupEntry) => void;
  /** Any Backup came or changed. */
  readonly onVerifiable: (change: Change<BackupEntry>) => void;
  /** Asks for a pass over the deletion of the Backup with this key. */
  readonly onRemoval: (key: string) => void;
  /** Called when a BackupTarget is gone. */
  readonly onTargetGone: (target: BackupTarget) => void;
  /** Called with the name of a BackupTarget that came, went, or changed. */
  readonly onTarget: (name: string) => void;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** Index of `backups`: by target name. */
export const BY_TARGET = 'target';

/** Index of `backups` and `volumes`: by target and volume in label form (`volumeKey`). */
export const BY_VOLUME = 'volume';

/** Index of `backups`: of those made here, by the name of their Snapshot. */
export const BY_SNAPSHOT = 'snapshot';

/** Index of `backups`, and its only value: those that are being made here. */
export const PENDING = 'pending';

/** Makes the informers and says which change asks for which pass. Nothing is read before they are started. */
export function createCaches(options: CacheOptions): Caches {
  const { client, namespace, secrets, enqueue, log, metrics } = options;
  const interner = new Interner();
  const common = { client, namespace, log, metrics };
  const caches: Caches = {
    secrets: secrets.versions,
    backups: createInformer<BackupEntry>({
      ...common,
      type: resources.backups,
      transform: (raw) => toBackupEntry(raw as never, interner),
      indexers: {
        [BY_TARGET]: (entry) => [entry.target],
        [BY_VOLUME]: (entry) => [volumeKey(entry.target, entry.volume)],
        [BY_SNAPSHOT]: (entry) => (entry.isLocal ? [entry.snapshotName] : []),
        [PENDING]: (entry) => (isCreating(entry) ? [PENDING] : []),
      },
      onChange: (change) => {
        if (isWorthAPass(change)) enqueue(change.key);
        if (change.new !== undefined && needsRemoval(change.new)) options.onRemoval(change.key);
        options.onVerifiable(change);
        if (change.old?.isLocal === true || change.new?.isLocal === true) options.onLocal(change);
        if (change.type === 'deleted' && change.old.state === 'Deleting') options.onRemoved(change.old);
      },
    }),
    volumes: createInformer<VolumeEntry>({
      ...common,
      type: resources.backupVolumes,
      transform: (raw) => toVolumeEntry(raw as never),
      indexers: { [BY_VOLUME]: (volume) => [volumeKeyOf(volume)] },
      onChange: ({ old, new: volume }) => {
        if (volume !== undefined && isNews(old, volume))
          keysAsking(caches, BY_VOLUME, volumeKeyOf(volume)).forEach(enqueue);
      },
    }),
    targets: createInformer<BackupTarget & CachedObject>({
      ...common,
      type: resources.backupTargets,
      onChange: (change) => {
        if (change.type === 'deleted') options.onTargetGone(change.old);
        if (change.new !== undefined && isTargetOpening(change.old, change.new))
          keysAsking(caches, BY_TARGET, change.new.metadata.name).forEach(enqueue);
        options.onTarget((change.new ?? change.old).metadata.name);
      },
    }),
  };
  return caches;
}

/** Keys of those Backups under an index value that have something to do. */
export function keysAsking(caches: Caches, index: string, value: string): string[] {
  return caches.backups.byIndex(index, value).filter(needsPass).map(keyOf);
}

/**
 * True when a pass may have something new to do. Changes of the status and of the block size alone do not count: a pass writes them, and would
 * call itself again at once, past its backoff or before the cache shows what it did.
 */
function isWorthAPass({ old, new: current }: Change<BackupEntry>): boolean {
  if (current === undefined || !needsPass(current)) return false;
  if (old === undefined || !needsPass(old)) return true;
  return (
    old.syncRequestedAt !== current.syncRequestedAt ||
    old.isDeleting !== current.isDeleting ||
    old.targetUid !== current.targetUid ||
    old.ownerUid !== current.ownerUid
  );
}

/** True when Backups may have waited for this: the volume's first verdict, or another object under its name. */
function isNews(old: VolumeEntry | undefined, current: VolumeEntry): boolean {
  return current.hasVerdict && (old === undefined || !old.hasVerdict || old.metadata.uid !== current.metadata.uid);
}
