import {
  ANNOTATION_CONFIG_ETAG,
  ANNOTATION_STORE,
  ANNOTATION_TARGET_UID,
  type Backup,
  LABEL_DELETE_CR_ONLY,
  microTime,
  resources,
} from '@mooring/api';
import { Interner, isAlreadyExists, isConflict, isNotFound } from '@mooring/runtime';
import { type BackupEntry, toBackupEntry } from '../backup-entry.ts';
import { buildBackup, ownerReferenceOf } from '../backup-object.ts';
import { chooseName, type NameHolder, type NameSeeker } from '../names.ts';
import type { BackupChange, SyncPlan, WantedBackup } from '../policies.ts';
import type { Scope } from '../scope.ts';
import type { Parts } from '../parts.ts';

/**
 * Makes the Backup objects what the plan says: creates, changes, removals, all in parallel under the process's limit for API writes.
 * One that fails hinders no other; the first error is thrown after all have ended. May be called again after a crash at any point.
 * Resolves with the number of created objects that met a dying one of their own: they have to be created in a later pass.
 */
export async function writeBackups(parts: Parts, scope: Scope, plan: SyncPlan): Promise<number> {
  let dying = 0;
  const work = [
    ...plan.create.map((wanted) => async () => {
      if ((await createBackup(parts, scope, wanted)) === 'dying') dying++;
    }),
    ...plan.change.map((change) => () => changeBackup(parts, scope, change)),
    ...plan.remove.map((entry) => () => removeBackup(parts, entry)),
  ];
  await runAll(parts, work);
  return dying;
}

/** Runs writes in parallel under the process's limit; throws the first error after all have ended. */
export async function runAll(parts: Parts, work: readonly (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(work.map((write) => parts.limitWrites(write)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * Deletes one Backup object and nothing else. The label comes first: whoever handles the deletion (also a Longhorn beside us, also a later
 * version of ours) then knows that remote data stay. An object that is gone, or another one of the same name, is left alone.
 */
export async function removeBackup(parts: Parts, entry: BackupEntry): Promise<void> {
  const { name, namespace, uid } = entry.metadata;
  const labelled = { metadata: { uid, labels: { [LABEL_DELETE_CR_ONLY]: 'true' } } };
  try {
    await parts.client.patch(resources.backups, { namespace, name }, labelled, { kind: 'merge' });
    await parts.client.delete(resources.backups, { namespace, name }, { uid });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/**
 * Creates the object of one backup under the first name that is free. The cache may be behind, so `AlreadyExists` is answered by a look at
 * the live holder: our own backup (an earlier pass, or the cache will show it soon) is as good as created; another's takes us to the next name.
 */
async function createBackup(parts: Parts, scope: Scope, wanted: WantedBackup): Promise<'there' | 'dying'> {
  const seeker: NameSeeker = { ...scope.identity, storeName: wanted.storeName };
  const live = new Map<string, NameHolder>();
  const holderOf = (name: string): NameHolder | undefined =>
    live.get(name) ?? parts.caches.backups.get(scope.identity.namespace, name);
  for (;;) {
    const name = chooseName(seeker, holderOf);
    if (name === undefined) throw new NoFreeName(wanted.storeName, scope.identity.volumeName);
    const known = holderOf(name);
    if (known !== undefined) return known.isDeleting === true ? 'dying' : 'there';
    try {
      await parts.client.create(resources.backups, buildBackup(scope, wanted, name));
      return 'there';
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      live.set(name, await readHolder(parts, scope.identity.namespace, name));
    }
  }
}

async function readHolder(parts: Parts, namespace: string, name: string): Promise<BackupEntry> {
  const backup = await parts.client.get<Backup>(resources.backups, { namespace, name });
  return toBackupEntry(backup, new Interner());
}

/** One patch: stamps, owner, and the request to read the config again. An object that is gone meanwhile is created by a later sync. */
async function changeBackup(parts: Parts, scope: Scope, change: BackupChange): Promise<void> {
  const { entry, stamp, isAsked } = change;
  const { name, namespace, uid } = entry.metadata;
  const { store, targetUid } = scope.owner;
  const annotations = {
    [ANNOTATION_CONFIG_ETAG]: stamp,
    ...(store === '' ? {} : { [ANNOTATION_STORE]: store }),
    ...(targetUid === '' ? {} : { [ANNOTATION_TARGET_UID]: targetUid }),
  };
  const owners = entry.ownerUid === scope.owner.uid ? {} : { ownerReferences: [ownerReferenceOf(scope)] };
  const asked = isAsked ? { spec: { syncRequestedAt: microTime(parts.clock.now(), entry.syncRequestedAt) } } : {};
  const body = { metadata: { uid, annotations, ...owners }, ...asked };
  try {
    await parts.client.patch(resources.backups, { namespace, name }, body, { kind: 'merge' });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** Both names that a backup may have are held by others: eight hex digits of SHA-256 collided, or somebody made such an object by hand. */
class NoFreeName extends Error {
  override readonly name = 'NoFreeName';
  readonly kind = 'stalled';
  readonly reason = 'ReconcileFailed';

  constructor(storeName: string, volumeName: string) {
    super(
      `failed to create Backup '${storeName}' of volume '${volumeName}': both object names that it may have belong to other backups; ` +
        'delete or rename the object that was made by hand',
    );
  }
}
