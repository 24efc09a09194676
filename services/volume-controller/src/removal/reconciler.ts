import {
  ANNOTATION_STORE,
  type BackupTarget,
  type BackupVolume,
  conditionTypes,
  doubtTypes,
  FINALIZER,
  isConditionTrue,
  LABEL_DELETE_CR_ONLY,
  labelValue,
  reasons,
  resources,
  storeNameOf,
} from '@mooring/api';
import { assertSameStore, ConfirmedStore, locksPrefix, removeVolume, type TargetStores } from '@mooring/backupstore';
import {
  hasFinalizer,
  type MoverJobs,
  type Outcome,
  patchStatus,
  type Pass,
  type ReconcileContext,
  settleObject,
} from '@mooring/runtime';
import { withSpan } from '@mooring/telemetry';
import { targetNameOf } from '../caches.ts';
import type { Parts } from '../parts.ts';
import { describeRun } from '../restore/facts.ts';
import { statusWithVerdict } from '../status.ts';
import { releaseVolume } from '../steps/release-volume.ts';
import { RemovalWithdrawn } from './errors.ts';
import { readWish } from './witnesses.ts';

const DONE: Outcome = { result: 'done' };

/** The net below the events that end a wait, milliseconds. */
const LOOK_AGAIN_MS = 30_000;

/** What a removal works with. */
export interface RemovalParts extends Parts {
  /** Opened for writing. */
  readonly writableStores: TargetStores;
  readonly runs: MoverJobs;
  /** Whether a Longhorn runs in the same cluster; then nothing in a store is removed. */
  readonly coexistence: boolean;
  /** Runs a removal; at most so many at once. */
  readonly limitRemovals: <T>(work: () => Promise<T>) => Promise<T>;
}

interface Removal {
  readonly volume: BackupVolume;
  readonly target: BackupTarget;
}

/**
 * Lets a deleted BackupVolume go, with its data in the store where a person asked for that (design.md §5).
 *
 *     may not be removed ──→ the objects only
 *     a mover works on it, target away ──→ it waits and says so
 *     may be removed ──────→ the store is the right one → lock, configs, blocks → objects of its Backups → our finalizer
 *
 * The wish is in the object (deletionTimestamp and finalizer): a restart, another leader or an unreachable store only delay it.
 */
export class RemovalReconciler {
  readonly #parts: RemovalParts;
  readonly #running = new Map<string, AbortController>();

  constructor(parts: RemovalParts) {
    this.#parts = parts;
  }

  /** Ends a running removal of this object: somebody said that its data stay. */
  withdraw(uid: string): void {
    this.#running.get(uid)?.abort(new RemovalWithdrawn('the removal was withdrawn'));
  }

  /** One pass over a deleted BackupVolume. Throws what made it fail; it is tried again for ever. */
  async remove(cached: BackupVolume, context: ReconcileContext): Promise<Outcome> {
    const { client, coexistence } = this.#parts;
    if (cached.metadata.labels?.[LABEL_DELETE_CR_ONLY] === 'true') return await this.#release(cached);
    const wish = await readWish(client, cached);
    const { volume, target } = wish;
    if (volume === undefined || !hasFinalizer(volume, FINALIZER)) return DONE;
    const why = coexistence ? 'a Longhorn works in this cluster' : wish.whyDataStay;
    if (why !== undefined || target === undefined) {
      context.log.info({ volume: volume.metadata.name, why }, 'only the object is deleted; the data stay in the store');
      return await this.#release(volume, why);
    }
    return await this.#withdrawable({ volume, target }, context);
  }

  async #withdrawable(removal: Removal, context: ReconcileContext): Promise<Outcome> {
    const { volume } = removal;
    const withdrawal = new AbortController();
    const signal = AbortSignal.any([context.signal, withdrawal.signal]);
    const uid = volume.metadata.uid ?? '';
    this.#running.set(uid, withdrawal);
    try {
      return await this.#tryRemove(removal, { ...context, signal });
    } catch (error) {
      if (withdrawal.signal.aborted) throw withdrawal.signal.reason;
      if (!signal.aborted) await this.#report(volume, { error }, signal);
      throw error;
    } finally {
      this.#running.delete(uid);
    }
  }

  async #tryRemove({ volume, target }: Removal, { signal, log }: ReconcileContext): Promise<Outcome> {
    const obstacle = this.#obstacle(volume, target);
    if (obstacle !== undefined) {
      await this.#report(volume, deleting(obstacle), signal);
      return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
    }
    const resolved = await this.#parts.writableStores.resolve(target);
    await assertSameStore(resolved, volume.metadata.annotations?.[ANNOTATION_STORE], signal);
    await this.#report(volume, deleting(reasons.Deleting.meaning), signal);
    const name = storeNameOf({ ...volume.metadata, name: volume.spec.volumeName ?? '' });
    const store = new ConfirmedStore({
      store: resolved.store,
      locksPrefix: locksPrefix(name),
      confirm: async () => {
        const wish = await readWish(this.#parts.client, volume);
        if (wish.whyDataStay !== undefined) throw new RemovalWithdrawn(wish.whyDataStay);
        await assertSameStore(resolved, volume.metadata.annotations?.[ANNOTATION_STORE], signal);
      },
    });
    const attributes = { 'k8s.object.name': volume.metadata.name, 'mooring.target': target.metadata.name };
    const { objectsRemoved } = await withSpan('remove backup volume', attributes, () =>
      this.#parts.limitRemovals(() =>
        removeVolume({
          ...{ store, volume: name, signal },
          log: (line) => log.warn({}, line),
          onWaiting: ({ reason }) => void this.#report(volume, deleting(reason), signal).catch(() => undefined),
        }),
      ),
    );
    log.info({ volume: name, target: target.metadata.name, objectsRemoved }, 'the volume is removed from the store');
    return await this.#release(volume);
  }

  /** What has to end or to come back first, in stable words. */
  #obstacle(volume: BackupVolume, target: BackupTarget): string | undefined {
    const name = targetNameOf(volume);
    const [run] = this.#parts.runs.activeOn(labelValue(name), labelValue(volume.spec.volumeName ?? ''));
    if (run !== undefined) return `Waiting for the ${describeRun(run)} to end`;
    return isAway(target) ? `Waiting for BackupTarget '${name}' to be available` : undefined;
  }

  async #release(volume: BackupVolume, why?: string): Promise<Outcome> {
    await releaseVolume(this.#parts, volume, why);
    return DONE;
  }

  async #report(deleted: BackupVolume, pass: Pass, signal: AbortSignal): Promise<void> {
    const { client, clock, events, limitWrites } = this.#parts;
    const volume = await client.findSame<BackupVolume>(resources.backupVolumes, deleted);
    if (volume === undefined) return;
    const verdict = settleObject(volume, pass, { nowMs: clock.now(), signal });
    const status = statusWithVerdict(volume, verdict);
    await limitWrites(() => patchStatus(client, resources.backupVolumes, volume, { ...volume, status }));
    if (verdict.event !== undefined) events.record(volume, verdict.event);
  }
}

/** True while the store does not answer. One that is doubted does, and is compared with the one that the object came from. */
function isAway({ status }: BackupTarget): boolean {
  const isDoubted = doubtTypes.some((type) => isConditionTrue(status?.conditions, type));
  return !isDoubted && isConditionTrue(status?.conditions, conditionTypes.Unavailable);
}

function deleting(message: string): Pass {
  return { waiting: { reason: 'Deleting', message } };
}
