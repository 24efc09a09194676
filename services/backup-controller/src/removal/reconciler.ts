import {
  ANNOTATION_STORE,
  API_VERSION,
  type Backup,
  type BackupStatus,
  type BackupTarget,
  type BackupVolume,
  FINALIZER,
  reasons,
  resources,
  type ResourceType,
  whyDataStay,
  type Witness,
} from '@mooring/api';
import {
  assertSameStore,
  ConfirmedStore,
  isStoreError,
  locksPrefix,
  removeBackup,
  type TargetStores,
} from '@mooring/backupstore';
import {
  coreResources,
  type MoverJobs,
  type Outcome,
  type Pass as SettlePass,
  patchStatus,
  type ReconcileContext,
  removeFinalizer,
  settleObject,
} from '@mooring/runtime';
import { withSpan } from '@mooring/telemetry';
import type { BackupEntry } from '../backup-entry.ts';
import { BY_VOLUME } from '../caches.ts';
import type { Parts } from '../parts.ts';
import { findRival } from '../rivals.ts';
import { statusWithVerdict } from '../status.ts';
import { askForSync } from '../steps/ask-for-sync.ts';
import { volumeKey } from '../volume-entry.ts';

const DONE: Outcome = { result: 'done' };

/** The net below the events that end a wait, milliseconds. */
const LOOK_AGAIN_MS = 30_000;

/** What the passes are made with. */
export interface RemovalParts extends Parts {
  /** Opened for writing. */
  readonly writableStores: TargetStores;
  readonly movers: MoverJobs;
  readonly coexistence: boolean;
}

/** What held when a removal began does not hold any more. */
class RemovalWithdrawn extends Error {
  override readonly name = 'RemovalWithdrawn';
  readonly kind = 'conflict';
}

/** A Backup that is being deleted, with its target. */
interface Removing {
  readonly entry: BackupEntry;
  readonly backup: Backup;
  readonly target: BackupTarget;
}

/**
 * Lets a deleted Backup go, with its data in the store where a person asked for that (design.md §5).
 *
 *     mover runs ───────→ it is stopped first
 *     may not be removed → object only; or it waits, with the reason, for the store that it is in
 *     may be removed ───→ state Deleting → lock, config, blocks → a sync of the volume is asked for → our finalizer goes
 *
 * The wish is in the object (deletionTimestamp and finalizer): a restart, another leader or an unreachable store only delay it.
 */
export class RemovalReconciler {
  readonly #parts: RemovalParts;

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** One pass over the deleted Backup with this key. Throws what made it fail; it is tried again for ever. */
  async reconcile(key: string, context: ReconcileContext): Promise<Outcome> {
    const entry = this.#parts.caches.backups.getByKey(key);
    if (entry === undefined || !entry.isDeleting || !entry.metadata.finalizers.includes(FINALIZER)) return DONE;
    const backup = await this.#parts.client.findSame<Backup>(resources.backups, entry);
    if (!backup?.metadata.deletionTimestamp) return DONE;
    if (await this.#stopMovers(backup)) {
      await this.#report(backup, { state: 'Deleting' }, deleting('Waiting for the mover to end'));
      return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
    }
    try {
      return await this.#remove(entry, backup, context);
    } catch (error) {
      if (!context.signal.aborted) await this.#reportFailure(backup, error, context.signal);
      throw error;
    }
  }

  /** True while one is there: its Job goes with its last Pod. */
  async #stopMovers(backup: Backup): Promise<boolean> {
    const { movers } = this.#parts;
    const tasks = (['backup', 'verify'] as const).filter((task) => movers.find({ task, object: backup }) !== undefined);
    for (const task of tasks) await movers.stop({ task, object: backup });
    return tasks.length > 0;
  }

  async #remove(entry: BackupEntry, backup: Backup, { signal, log }: ReconcileContext): Promise<Outcome> {
    const target = await this.#find<BackupTarget>(resources.backupTargets, entry.target);
    const why = await this.#whyDataStay(backup, target);
    if (why !== undefined || target === undefined) {
      log.info({ backup: entry.metadata.name, why }, 'only the object is deleted; the backup stays in the store');
      this.#tellKept(backup, why ?? '');
      return await this.#release(backup);
    }
    const rival = findRival(this.#parts, entry);
    if (rival !== undefined) {
      await this.#report(backup, {}, deleting(`Waiting for the ${rival.what} to end`));
      return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
    }
    return await withSpan(
      'remove backup',
      { 'k8s.object.name': entry.metadata.name, 'mooring.target': entry.target },
      () => this.#removeRemote({ entry, backup, target }, signal),
    );
  }

  async #removeRemote({ entry, backup, target }: Removing, signal: AbortSignal): Promise<Outcome> {
    const resolved = await this.#parts.writableStores.resolve(target);
    const recorded = backup.metadata.annotations?.[ANNOTATION_STORE];
    await assertSameStore(resolved, recorded, signal);
    const volume = this.#volumeOf(entry, backup);
    await this.#report(backup, { state: 'Deleting', error: '', messages: {} }, deleting(reasons.Deleting.meaning));
    const store = new ConfirmedStore({
      store: resolved.store,
      locksPrefix: locksPrefix(volume),
      confirm: async () => {
        await this.#assertStillWanted(backup, target);
        await assertSameStore(resolved, recorded, signal);
      },
    });
    try {
      await removeBackup({ store, volume, backup: entry.storeName, signal });
    } catch (error) {
      // No volume.cfg: there is no such volume any more, and with it no backup.
      if (!isStoreError(error, 'NotFound')) throw error;
    }
    await askForSync(this.#parts, { namespace: entry.metadata.namespace, target: entry.target, volume: entry.volume });
    return await this.#release(backup);
  }

  /** All uncached: a cache may not have seen that the target is being deleted, or made anew. */
  async #whyDataStay(backup: Backup, target: BackupTarget | undefined): Promise<string | undefined> {
    const { client, coexistence } = this.#parts;
    if (coexistence) return 'a Longhorn works in this cluster, and only it removes data';
    const { plural, group } = resources.backups;
    const reference = backup.metadata.ownerReferences?.find(({ kind }) => kind === 'BackupVolume');
    const [namespace, definition, found] = await Promise.all([
      client.find<Witness>(coreResources.namespaces, { name: backup.metadata.namespace ?? '' }),
      client.find<Witness>(coreResources.customResourceDefinitions, { name: `${plural}.${group}` }),
      reference === undefined ? undefined : this.#find<BackupVolume>(resources.backupVolumes, reference.name),
    ]);
    const owner = reference === undefined ? undefined : { uid: reference.uid, found };
    return whyDataStay({ metadata: backup.metadata, namespace, definition, target, owner });
  }

  /** Hours may have gone by while the lock was waited for. Throws RemovalWithdrawn; the next pass sees what is to be done. */
  async #assertStillWanted(backup: Backup, { metadata }: BackupTarget): Promise<void> {
    const current = await this.#parts.client.findSame<Backup>(resources.backups, backup);
    if (current === undefined) throw new RemovalWithdrawn('the object is gone');
    const target = await this.#find<BackupTarget>(resources.backupTargets, metadata.name);
    const why = await this.#whyDataStay(current, target);
    if (why !== undefined) throw new RemovalWithdrawn(why);
  }

  #volumeOf(entry: BackupEntry, { status }: Backup): string {
    const [known] = this.#parts.caches.volumes.byIndex(BY_VOLUME, volumeKey(entry.target, entry.volume));
    return known?.volumeName ?? (status?.volumeName || entry.volume);
  }

  #tellKept(backup: Backup, why: string): void {
    const message = `only the object is deleted, because ${why}; the backup stays in the store`;
    const note = { type: 'Normal', reason: 'RemoteDataKept', message } as const;
    this.#parts.events.record({ ...backup, apiVersion: API_VERSION, kind: 'Backup' }, note);
  }

  async #release(backup: Backup): Promise<Outcome> {
    const { client, limitWrites } = this.#parts;
    await limitWrites(() => removeFinalizer({ client, type: resources.backups, object: backup, finalizer: FINALIZER }));
    return DONE;
  }

  async #reportFailure(backup: Backup, error: unknown, signal: AbortSignal): Promise<void> {
    const verdict = settleObject(backup, { error }, { nowMs: this.#parts.clock.now(), signal });
    const ready = verdict.conditions.find(({ type }) => type === 'Ready');
    const messages = ready?.message ? { error: ready.message } : {};
    await this.#write(backup, { ...statusWithVerdict(backup.status, verdict), state: 'Deleting', messages });
    if (verdict.event !== undefined)
      this.#parts.events.record({ ...backup, apiVersion: API_VERSION, kind: 'Backup' }, verdict.event);
  }

  async #report(backup: Backup, change: BackupStatus, pass: SettlePass): Promise<void> {
    const verdict = settleObject(backup, pass, { nowMs: this.#parts.clock.now() });
    await this.#write(backup, { ...statusWithVerdict(backup.status, verdict), ...change });
  }

  async #write(before: Backup, status: BackupStatus): Promise<void> {
    const { client, limitWrites } = this.#parts;
    // The list of conditions is replaced as a whole; nobody else writes those of a Backup that is being deleted.
    const current = await client.findSame<Backup>(resources.backups, before);
    if (current === undefined) return;
    await limitWrites(() => patchStatus<Backup>(client, resources.backups, current, { ...current, status }));
  }

  async #find<T extends BackupTarget | BackupVolume>(type: ResourceType, name: string): Promise<T | undefined> {
    const { client, namespace } = this.#parts;
    return await client.find<T>(type, { namespace, name });
  }
}

function deleting(message: string): SettlePass {
  return { waiting: { reason: 'Deleting', message } };
}
