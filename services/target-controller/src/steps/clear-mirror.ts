/** Removes every object that mirrors a target's store: the target is being deleted, or has no URL any more. */
import { LABEL_BACKUP_TARGET, labelValue, resources } from '@mooring/api';
import type { BackupTarget, ResourceType } from '@mooring/api';
import { isNotFound } from '@mooring/runtime';
import { asMirrorFailure } from '../mirror-failure.ts';
import type { Parts } from '../parts.ts';
import { isMirror } from '../system-backup-diff.ts';
import { TaskPool } from '../task-pool.ts';
import { deleteMirror } from './delete-mirror.ts';
import type { Deletable } from './delete-mirror.ts';

/** Deletes in flight at once: each is two small requests; API servers allow far more. */
const PARALLEL_DELETES = 32;

/**
 * Sees to it that each object is being deleted when this returns; does not wait until they are gone. The store is not touched, so this
 * ends while the store is down. Objects are found by the cache and by a live list, because the cache may not know the newest yet.
 * Throws MirrorFailure when any of them could not be deleted; may be called again.
 */
export async function clearMirror(parts: Parts, target: BackupTarget): Promise<void> {
  const { volumes, backingImages, systemBackups } = parts.caches;
  const name = target.metadata.name;
  const cached: [ResourceType, readonly Deletable[]][] = [
    [resources.backupVolumes, volumes.byIndex('target', name)],
    [resources.backupBackingImages, backingImages.byIndex('target', name)],
    [resources.systemBackups, systemBackups.byIndex('target', name).filter(isMirror)],
  ];
  const pool = new TaskPool(PARALLEL_DELETES);
  for (const [type, known] of cached) {
    for (const object of await unite(parts, type, { target: name, known })) {
      await pool.add(() => deleteMirror(parts.client, type, object));
    }
  }
  const errors = await pool.drain();
  if (errors.length > 0) throw asMirrorFailure('delete', 'objects', errors);
}

async function unite(
  parts: Parts,
  type: ResourceType,
  of: { readonly target: string; readonly known: readonly Deletable[] },
): Promise<Iterable<Deletable>> {
  const objects = new Map(of.known.map((object) => [object.metadata.name, object]));
  for (const object of await listLabelled(parts, type, of.target)) objects.set(object.metadata.name, object);
  return objects.values();
}

/** A CRD that is gone has no objects. */
async function listLabelled(parts: Parts, type: ResourceType, target: string): Promise<Deletable[]> {
  const found: Deletable[] = [];
  const labelSelector = `${LABEL_BACKUP_TARGET}=${labelValue(target)}`;
  let next: string | undefined;
  try {
    do {
      const page = await parts.client.list<Deletable>(type, {
        namespace: parts.namespace,
        labelSelector,
        metadataOnly: true,
        limit: 500,
        ...(next === undefined ? {} : { continue: next }),
      });
      found.push(...page.items);
      next = page.continue;
    } while (next !== undefined);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return found;
}
