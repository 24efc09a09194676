import {
  ANNOTATION_STORE_NAME,
  LABEL_BACKING_IMAGE,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  backupObjectName,
  backupVolumeName,
  collidingBackupName,
  labelValue,
  resources,
} from '@mooring/api';
import type { Backup, BackupBackingImage, BackupVolume, ResourceType, SecretFact } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import type { KubeClient } from '@mooring/runtime';
import { FactUnavailable } from './fact-source.ts';

/** Reads from the API server, uncached. All throw FactUnavailable when it gives no answer. */
export interface LiveReads {
  get<T>(type: ResourceType, name: string, signal: AbortSignal): Promise<T | null>;
  list<T>(type: ResourceType, signal: AbortSignal): Promise<readonly T[]>;
  secret(name: string, signal: AbortSignal): Promise<SecretFact | null>;
  /** The Backups that mirror this backup of the store, in whatever target. */
  backups(of: { volume: string; backup: string; targets: readonly string[] }, signal: AbortSignal): Promise<Backup[]>;
  backupVolume(of: { target: string; volume: string }, signal: AbortSignal): Promise<BackupVolume | null>;
  backingImages(of: { target: string; image: string }, signal: AbortSignal): Promise<readonly BackupBackingImage[]>;
}

/** Page size of a live list; kinds that are listed live are few. */
const PAGE = 500;

/** Live reads in one object namespace. */
export function createLiveReads(client: KubeClient, namespace: string): LiveReads {
  const get: LiveReads['get'] = async <T>(type: ResourceType, name: string, signal: AbortSignal) => {
    try {
      return (await client.find<T>(type, { namespace, name }, { signal })) ?? null;
    } catch (error) {
      throw unavailable(`${type.kind} '${name}'`, error);
    }
  };
  const list = async <T>(type: ResourceType, signal: AbortSignal, labelSelector?: string): Promise<T[]> => {
    const items: T[] = [];
    let next: string | undefined;
    try {
      do {
        const page = await client.list<T>(type, { namespace, labelSelector, limit: PAGE, continue: next, signal });
        items.push(...page.items);
        next = page.continue;
      } while (next !== undefined);
    } catch (error) {
      throw unavailable(`list of ${type.kind} objects`, error);
    }
    return items;
  };
  return {
    get,
    list: (type, signal) => list(type, signal),
    async secret(name, signal) {
      const secret = await get<{ data?: Record<string, string> | null }>(coreResources.secrets, name, signal);
      return secret === null ? null : { data: decode(secret.data ?? {}) };
    },
    async backups({ volume, backup, targets }, signal) {
      const names = [backupObjectName(backup), ...targets.map((target) => collidingBackupName(backup, volume, target))];
      const found = await Promise.all(names.map((name) => get<Backup>(resources.backups, name, signal)));
      return found.filter((one) => one !== null && mirrors(one, volume, backup)) as Backup[];
    },
    async backupVolume({ target, volume }, signal) {
      const named = await get<BackupVolume>(resources.backupVolumes, backupVolumeName(volume, target), signal);
      if (named !== null) return named;
      // Before longhorn/longhorn#11154 names were random; identity is in the spec.
      const selector = `${LABEL_BACKUP_TARGET}=${labelValue(target)},${LABEL_BACKUP_VOLUME}=${labelValue(volume)}`;
      const all = await list<BackupVolume>(resources.backupVolumes, signal, selector);
      return all.find(({ spec }) => spec.backupTargetName === target && spec.volumeName === volume) ?? null;
    },
    async backingImages({ target, image }, signal) {
      const selector = `${LABEL_BACKUP_TARGET}=${labelValue(target)},${LABEL_BACKING_IMAGE}=${labelValue(image)}`;
      const all = await list<BackupBackingImage>(resources.backupBackingImages, signal, selector);
      return all.filter(({ spec }) => spec.backupTargetName === target && spec.backingImage === image);
    },
  };
}

/** Whether a Backup object is the mirror of this backup: a name alone may belong to another volume's. */
function mirrors(object: Backup, volume: string, backup: string): boolean {
  const { annotations, labels, name } = object.metadata;
  return (
    (annotations?.[ANNOTATION_STORE_NAME] ?? name) === backup && labels?.[LABEL_BACKUP_VOLUME] === labelValue(volume)
  );
}

function decode(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

function unavailable(what: string, cause: unknown): FactUnavailable {
  return new FactUnavailable(`failed to read the ${what} from the API server`, { cause });
}
