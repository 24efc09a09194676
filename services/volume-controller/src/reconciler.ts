import {
  ANNOTATION_TRACEPARENT,
  type BackupTarget,
  type BackupVolume,
  type BackupVolumeStatus,
  FINALIZER,
  resources,
} from '@mooring/api';
import {
  addFinalizer,
  ApiError,
  errorFacts,
  hasFinalizer,
  type Outcome,
  patchStatus,
  type ReconcileContext,
  settleObject,
  type Verdict,
} from '@mooring/runtime';
import { withRemoteParent, withSpan } from '@mooring/telemetry';
import { targetNameOf } from './caches.ts';
import { decidePass, planSync } from './policies.ts';
import { gatherScope, type Scope } from './scope.ts';
import type { Parts } from './parts.ts';
import type { RemovalReconciler } from './removal/reconciler.ts';
import { endOfPass, statusAfterSync, statusWithVerdict } from './status.ts';
import { confirmStore } from './steps/confirm-store.ts';
import { writeBackups } from './steps/write-backups.ts';

/** While Backups of others' finalizers are in the way, their deletion asks for the next pass; this is only the net below, milliseconds. */
const WAITING_RETRY_MS = 60_000;

/**
 * Keeps one BackupVolume's status and its set of pulled Backups true.
 *
 *     deleted ──────────────→ release: its data in the store where a person asked for that, objects of its Backups, our finalizer
 *     not asked to sync ────→ rest (our finalizer, if an uninstall took it off)
 *     target not readable ──→ wait: the target's own change asks again
 *     asked ────────────────→ gather (1 LIST, 0–1 GET) → decide → act (Backups in parallel) → 1 status write
 *
 * Killed anywhere: the status, written last, still asks, and the next pass finds what is missing.
 */
export class VolumeReconciler {
  readonly #parts: Parts;
  readonly #removal: Pick<RemovalReconciler, 'remove'>;
  /** BackupVolume UID → stamp of its `volume.cfg` as last read. Saves a GET; a restart costs one for each volume that is asked again. */
  readonly #configs = new Map<string, string>();

  constructor(parts: Parts, removal: Pick<RemovalReconciler, 'remove'>) {
    this.#parts = parts;
    this.#removal = removal;
  }

  /** One pass over the BackupVolume with this key. Throws what made it fail; the queue tries again. */
  async reconcile(key: string, context: ReconcileContext): Promise<Outcome> {
    const { volumes, targets } = this.#parts.caches;
    const volume = volumes.getByKey(key);
    if (volume === undefined) return { result: 'done' };
    const target = targets.get(volume.metadata.namespace, targetNameOf(volume));
    const pass = decidePass(volume, target);
    if (pass === 'release') {
      this.#configs.delete(volume.metadata.uid ?? '');
      return await this.#removal.remove(volume, context);
    }
    if (pass === 'claim') await this.#withFinalizer(volume);
    if (pass !== 'sync' || target === undefined) return { result: 'done' };
    const attributes = { 'k8s.object.name': volume.metadata.name, 'mooring.target': target.metadata.name };
    return await withRemoteParent(volume.metadata.annotations?.[ANNOTATION_TRACEPARENT], () =>
      withSpan('sync backup volume', attributes, () => this.#sync(volume, target, context)),
    );
  }

  async #sync(volume: BackupVolume, target: BackupTarget, context: ReconcileContext): Promise<Outcome> {
    const owned = await this.#withFinalizer(volume);
    if (owned === undefined) return { result: 'done' };
    try {
      return await this.#trySync(owned, target, context);
    } catch (error) {
      if (isAboutThisVolume(error)) await this.#reportFailure(owned, error, context.signal);
      throw error;
    }
  }

  async #trySync(volume: BackupVolume, target: BackupTarget, { signal, log }: ReconcileContext): Promise<Outcome> {
    const uid = volume.metadata.uid ?? '';
    const scope = await gatherScope(this.#parts, { volume, target, knownConfig: this.#configs.get(uid), signal });
    const plan = planSync({
      listed: scope.scan.backups,
      isListingBelieved: scope.scan.hasConfig,
      entries: scope.entries,
      owner: scope.owner,
      nowMs: scope.startedMs,
    });
    if (plan.remove.length > 0) {
      const { store } = await this.#parts.stores.resolve(target);
      await confirmStore(store, target, signal);
    }
    const dyingCount = await writeBackups(this.#parts, scope, plan);
    const result = { ...scope, waitingCount: plan.waiting.length + dyingCount };
    const verdict = settleObject(volume, endOfPass(result), { nowMs: this.#parts.clock.now(), signal });
    await this.#writeStatus(volume, statusAfterSync(result, verdict), verdict);
    this.#remember(uid, scope);
    const { create, change, remove } = plan;
    const counts = {
      created: create.length,
      changed: change.length,
      removed: remove.length,
      waiting: result.waitingCount,
    };
    log.debug({ volume: scope.identity.volumeName, target: scope.identity.target, ...counts }, 'volume synced');
    return result.waitingCount > 0 ? { result: 'done', requeueAfterMs: WAITING_RETRY_MS } : { result: 'done' };
  }

  /** The object with our finalizer, which an uninstall may have taken off; undefined when it is gone. */
  async #withFinalizer(volume: BackupVolume): Promise<BackupVolume | undefined> {
    if (hasFinalizer(volume, FINALIZER)) return volume;
    const { client, limitWrites } = this.#parts;
    const options = { client, type: resources.backupVolumes, object: volume, finalizer: FINALIZER };
    return await limitWrites(() => addFinalizer(options));
  }

  async #reportFailure(volume: BackupVolume, error: unknown, signal: AbortSignal): Promise<void> {
    const verdict = settleObject(volume, { error }, { nowMs: this.#parts.clock.now(), signal });
    await this.#writeStatus(volume, statusWithVerdict(volume, verdict), verdict);
  }

  async #writeStatus(volume: BackupVolume, status: BackupVolumeStatus, verdict: Verdict): Promise<void> {
    const { client, events, limitWrites } = this.#parts;
    await limitWrites(() => patchStatus(client, resources.backupVolumes, volume, { ...volume, status }));
    if (verdict.event !== undefined) events.record(volume, verdict.event);
  }

  #remember(uid: string, { stamp }: Scope): void {
    if (stamp === undefined) this.#configs.delete(uid);
    else this.#configs.set(uid, stamp);
  }
}

/** Answers of the API server that stay the same until somebody acts: a policy, a quota, an invalid object. */
const REFUSALS: readonly number[] = [400, 403, 422];

/**
 * True for a failure that only this volume can tell of. False for one that says something about the store, the network or a race: the target's
 * own condition tells that, and a thousand volumes saying it too would be a thousand writes.
 */
function isAboutThisVolume(error: unknown): boolean {
  if (error instanceof ApiError) return REFUSALS.includes(error.status);
  const { kind } = errorFacts(error);
  return kind === 'stalled' || kind === 'corrupt';
}
