/** Keeps our finalizer on BackupBackingImage and SystemBackup objects, and lets go of those that are being deleted: never the store. */
import { FINALIZER, LABEL_DELETE_CR_ONLY, resources } from '@mooring/api';
import type { BackupBackingImage, ResourceType, SystemBackup } from '@mooring/api';
import { addFinalizer, hasFinalizer, removeFinalizer } from '@mooring/runtime';
import type { Outcome } from '@mooring/runtime';
import type { Parts } from './parts.ts';
import type { Deletable } from './steps/delete-mirror.ts';

type Mirror = BackupBackingImage | SystemBackup;

/** Kinds by plural, as they stand in a key: `<plural>/<namespace>/<name>`. */
const kinds: Readonly<Record<string, ResourceType>> = {
  backupbackingimages: resources.backupBackingImages,
  systembackups: resources.systemBackups,
};

/** The key of an object for {@link releaseMirror}. */
export function releaseKey(type: ResourceType, key: string): string {
  return `${type.plural}/${key}`;
}

/** Whether {@link releaseMirror} has to do with it: it is being deleted and has our finalizer, or lives without (an uninstall took it off). */
export function needsRelease(object: Deletable): boolean {
  return Boolean(object.metadata.deletionTimestamp) === hasFinalizer(object, FINALIZER);
}

/**
 * One pass. Deleting remote data is not supported: who deleted the object without the label that says "the object only" gets a warning; the
 * object comes back at the next sync. Nothing is kept that could be taken for a wish to delete later.
 */
export async function releaseMirror(parts: Parts, key: string): Promise<Outcome> {
  const slash = key.indexOf('/');
  const type = kinds[key.slice(0, slash)];
  const object = type === undefined ? undefined : cachedObject(parts, type, key.slice(slash + 1));
  if (type === undefined || object === undefined || !needsRelease(object)) return { result: 'done' };
  const options = { client: parts.client, type, object, finalizer: FINALIZER };
  if (!object.metadata.deletionTimestamp) {
    await addFinalizer(options);
    return { result: 'done' };
  }
  if (isUsersWish(parts, object)) {
    const message =
      'deleting remote data is not supported yet; only the object is deleted, and the next sync creates it again';
    parts.events.record(object, { type: 'Warning', reason: 'RemoteDeleteNotSupported', message });
  }
  await removeFinalizer(options);
  return { result: 'done' };
}

function cachedObject({ caches }: Parts, type: ResourceType, key: string): Mirror | undefined {
  return type === resources.systemBackups ? caches.systemBackups.getByKey(key) : caches.backingImages.getByKey(key);
}

/** Neither this service (its label), nor the end of the target, whose objects the garbage collector deletes. */
function isUsersWish({ caches, namespace }: Parts, { metadata }: Mirror): boolean {
  if (metadata.labels?.[LABEL_DELETE_CR_ONLY] === 'true') return false;
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'BackupTarget');
  const target = owner === undefined ? undefined : caches.targets.get(namespace, owner.name);
  return target !== undefined && target.metadata.uid === owner?.uid && !target.metadata.deletionTimestamp;
}
