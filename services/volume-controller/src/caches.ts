import {
  type BackupTarget,
  type BackupVolume,
  isTargetOpening,
  LABEL_BACKUP_TARGET,
  LABEL_DELETE_CR_ONLY,
  resources,
} from '@mooring/api';
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
import { type BackupEntry, toBackupEntry, volumeKey, volumeKeyOf } from './backup-entry.ts';
import { decidePass } from './policies.ts';

/** Everything that this process knows of the cluster without asking. */
export interface Caches {
  readonly volumes: Informer<BackupVolume & CachedObject>;
  readonly backups: Informer<BackupEntry>;
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
  /** Asks for a pass over the BackupVolume with this key. */
  readonly enqueue: (key: string) => void;
  /** Called when a BackupTarget is gone. */
  readonly onTargetGone: (target: BackupTarget) => void;
  /** Called when a BackupTarget changes. */
  readonly onTarget: (change: Change<BackupTarget & CachedObject>) => void;
  /** Called when a BackupVolume changes. */
  readonly onVolume: (change: Change<BackupVolume & CachedObject>) => void;
  /** Called when a Backup comes, goes, or gets another state. */
  readonly onBackup: (entry: BackupEntry) => void;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** Index of `volumes`: by target name. */
export const BY_TARGET = 'target';

/** Index of `volumes` and `backups`: by target and volume in label form (`volumeKey`). */
export const BY_VOLUME = 'volume';

/** Makes the informers and says which change asks for which pass. Nothing is read before they are started. */
export function createCaches(options: CacheOptions): Caches {
  const { client, namespace, secrets, enqueue, log, metrics } = options;
  const interner = new Interner();
  const common = { client, namespace, log, metrics };
  const caches: Caches = {
    secrets: secrets.versions,
    volumes: createInformer<BackupVolume & CachedObject>({
      ...common,
      type: resources.backupVolumes,
      indexers: { [BY_TARGET]: (volume) => [targetNameOf(volume)], [BY_VOLUME]: (volume) => [keyOfVolume(volume)] },
      onChange: (change) => {
        if (isWorthAPass(change)) enqueue(change.key);
        options.onVolume(change);
      },
    }),
    backups: createInformer<BackupEntry>({
      ...common,
      type: resources.backups,
      transform: (raw) => toBackupEntry(raw as never, interner),
      indexers: { [BY_VOLUME]: (entry) => [volumeKey(entry.target, entry.volume)] },
      onChange: ({ type, old, new: current }) => {
        const entry = type === 'deleted' ? old : current;
        if (current?.state !== old?.state || current?.isDeleting !== old?.isDeleting) options.onBackup(entry);
        if (type === 'deleted') keysAsking(caches, BY_VOLUME, volumeKey(old.target, old.volume)).forEach(enqueue);
      },
    }),
    targets: createInformer<BackupTarget & CachedObject>({
      ...common,
      type: resources.backupTargets,
      onChange: (change) => {
        if (change.type === 'deleted') options.onTargetGone(change.old);
        options.onTarget(change);
        if (change.new !== undefined && isTargetOpening(change.old, change.new))
          keysAsking(caches, BY_TARGET, change.new.metadata.name).forEach(enqueue);
      },
    }),
  };
  return caches;
}

/** The name of the BackupTarget of a BackupVolume. */
export function targetNameOf(volume: BackupVolume): string {
  return volume.spec.backupTargetName ?? volume.metadata.labels?.[LABEL_BACKUP_TARGET] ?? '';
}

/** The `volumeKey` under which the Backups of a BackupVolume are found. */
export function keyOfVolume(volume: BackupVolume): string {
  return volumeKeyOf(targetNameOf(volume), volume.spec.volumeName ?? '');
}

/** Keys of those volumes under an index value that have something to do. */
export function keysAsking(caches: Caches, index: string, value: string): string[] {
  return caches.volumes.byIndex(index, value).filter(isAsking).map(keyOf);
}

function isAsking(volume: BackupVolume): boolean {
  return decidePass(volume, undefined) !== 'rest';
}

/**
 * True when a pass may have something new to do. A change of the status alone does not count: a failed pass writes one, and would call itself
 * again at once, past its backoff.
 */
function isWorthAPass(change: Change<BackupVolume & CachedObject>): boolean {
  if (change.new === undefined || !isAsking(change.new)) return false;
  if (change.old === undefined || !isAsking(change.old)) return true;
  const [before, after] = [change.old.metadata, change.new.metadata];
  return (
    change.old.spec.syncRequestedAt !== change.new.spec.syncRequestedAt ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    before.labels?.[LABEL_DELETE_CR_ONLY] !== after.labels?.[LABEL_DELETE_CR_ONLY] ||
    JSON.stringify(before.annotations) !== JSON.stringify(after.annotations)
  );
}
