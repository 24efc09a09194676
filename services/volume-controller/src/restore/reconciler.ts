import { ANNOTATION_TRACEPARENT, type BackupVolume, FINALIZER, resources, type Volume } from '@mooring/api';
import { type Outcome, patchObject, patchStatus, type ReconcileContext, removeFinalizer } from '@mooring/runtime';
import { withRemoteParent, withSpan } from '@mooring/telemetry';
import type { AimedFacts, RestoreFacts, RestoreStep } from './decide-attempt.ts';
import { isStandby } from './decide-attempt.ts';
import { gatherFacts, storeVolumeOf } from './facts.ts';
import type { RestoreParts } from './parts.ts';
import { decideRestore, decideVolume, modeOf } from './policies.ts';
import { attached, declined, type Report, reportOf, statusOf } from './status.ts';
import { askForSync } from './steps/ask-for-sync.ts';
import { listCandidates } from './steps/list-candidates.ts';
import { startRestore } from './steps/start-restore.ts';
import { tellOrigin } from './steps/tell-origin.ts';

const DONE: Outcome = { result: 'done' };

/** The net below the events that end a wait, milliseconds. */
const LOOK_AGAIN_MS = 30_000;

/** Steps that are taken on what is, not on what a cache remembers: each would be wrong a moment after it was done. */
const PROVEN: readonly RestoreStep['step'][] = ['start', 'ask-for-sync', 'activate', 'finish', 'resize'];

/**
 * Keeps one Volume true, and restores into it.
 *
 *     deleted ─────────────→ its restores are stopped, then our finalizer goes; the data stay
 *     no engine ───────────→ said once in `Ready`
 *     not from a backup ───→ `Ready`, `lastBackup`
 *     from a backup ───────→ one step of `decideRestore`: a Job of the mover, its end, the next backup, the activation
 *
 * Killed anywhere: what was begun is in the Jobs and the status, and the next pass goes on from there.
 */
export class RestoreReconciler {
  readonly #parts: RestoreParts;

  constructor(parts: RestoreParts) {
    this.#parts = parts;
  }

  /** One pass over the Volume with this key. Throws what made it fail; the queue tries again. */
  async reconcile(key: string, { signal }: ReconcileContext): Promise<Outcome> {
    const volume = this.#parts.caches.userVolumes.getByKey(key);
    if (volume === undefined) return DONE;
    switch (decideVolume(volume, this.#parts.coexistence)) {
      case 'leave':
        return DONE;
      case 'release':
        return await this.#release(volume, signal);
      case 'decline':
        return await this.#report(volume, declined, signal);
      case 'plain':
        return await this.#report(volume, attached, signal);
      case 'restore':
        return await withRemoteParent(volume.metadata.annotations?.[ANNOTATION_TRACEPARENT], () =>
          withSpan('restore volume', { 'k8s.object.name': volume.metadata.name }, () => this.#restore(volume, signal)),
        );
    }
  }

  /** Stops what still writes to the data, then lets the object go. The data stay. */
  async #release(volume: Volume, signal: AbortSignal): Promise<Outcome> {
    const { client, runs, limitWrites } = this.#parts;
    const restores = runs.ofObject(volume.metadata.uid ?? '');
    if (restores.length > 0) {
      await runs.remove(restores, 'Foreground');
      const message = 'Waiting for the mover to end';
      await this.#report(volume, { pass: { waiting: { reason: 'Terminating', message } } }, signal);
      return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
    }
    await limitWrites(() => removeFinalizer({ client, type: resources.volumes, object: volume, finalizer: FINALIZER }));
    return DONE;
  }

  async #restore(cached: Volume, signal: AbortSignal): Promise<Outcome> {
    let facts = gatherFacts(this.#parts, cached);
    let step = decideRestore(facts);
    if (PROVEN.includes(step.step) || isStuck(facts, step)) {
      const live = await this.#readLive(cached, facts);
      if (live === undefined) return DONE;
      facts = live;
      step = decideRestore(facts);
    }
    if (isStuck(facts, step) && isAimed(facts)) {
      facts = { ...facts, candidates: await listCandidates(this.#parts, facts) };
      step = decideRestore(facts);
    }
    return await this.#act(facts, step, signal);
  }

  /** The same facts, with the Volume and the BackupVolume as the API server has them; undefined: the Volume is gone. */
  async #readLive(cached: Volume, { backupVolume }: RestoreFacts): Promise<RestoreFacts | undefined> {
    const volume = await this.#parts.client.findSame<Volume>(resources.volumes, cached);
    if (volume === undefined || volume.metadata.deletionTimestamp) return undefined;
    if (backupVolume === undefined) return gatherFacts(this.#parts, volume);
    const fresh = await this.#parts.client.findSame<BackupVolume>(resources.backupVolumes, backupVolume);
    return gatherFacts(this.#parts, volume, { backupVolume: fresh });
  }

  async #act(facts: RestoreFacts, step: RestoreStep, signal: AbortSignal): Promise<Outcome> {
    if (step.step === 'stop') return await this.#remove(step.runs, 'Foreground');
    if (step.step === 'clear') return await this.#remove(step.runs, 'Background');
    if (step.step === 'resize') return await this.#resize(facts.volume, step.size);
    if (step.step === 'ask-for-sync') return await this.#askForSync(facts, signal);
    if (step.step === 'start') return await this.#start(facts, step, signal);
    if (step.step === 'finish') return await this.#finish(facts, step, signal);
    return await this.#tell(facts.volume, step, signal);
  }

  async #tell(volume: Volume, step: RestoreStep, signal: AbortSignal): Promise<Outcome> {
    const report = reportOf(step, volume);
    if (report !== undefined) await this.#report(volume, report, signal);
    if (step.step === 'rest') return DONE;
    const againInMs = step.step === 'fail' ? step.againInMs : undefined;
    return { result: 'done', requeueAfterMs: againInMs ?? LOOK_AGAIN_MS };
  }

  async #remove(runs: RestoreFacts['runs'], how: 'Foreground' | 'Background'): Promise<Outcome> {
    await this.#parts.runs.remove(runs, how);
    return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
  }

  async #start(facts: RestoreFacts, step: RestoreStep & { step: 'start' }, signal: AbortSignal): Promise<Outcome> {
    const volume = isAimed(facts) ? await startRestore(this.#parts, { facts, ...step }) : undefined;
    return volume === undefined ? DONE : await this.#tell(volume, step, signal);
  }

  /** The status first: as long as the Job is there, the next pass finds what this one did not come to. */
  async #finish(facts: RestoreFacts, step: RestoreStep & { step: 'finish' }, signal: AbortSignal): Promise<Outcome> {
    const volume = isAimed(facts) ? await tellOrigin(this.#parts, facts, facts.volume) : facts.volume;
    await this.#tell(volume, step, signal);
    const message = `backup '${step.backup}' is restored`;
    if (volume.status?.lastRestoredBackup !== step.backup)
      this.#parts.events.record(volume, { type: 'Normal', reason: 'Restored', message });
    // Those that failed stay: an activation does not try them again.
    return await this.#remove(
      facts.runs.filter(({ state }) => state.kind === 'done'),
      'Background',
    );
  }

  async #resize(volume: Volume, size: string): Promise<Outcome> {
    const { client, limitWrites } = this.#parts;
    const after = { ...volume, spec: { ...volume.spec, size } };
    await limitWrites(() => patchObject(client, resources.volumes, volume, after));
    return DONE;
  }

  async #askForSync({ volume, backupVolume }: RestoreFacts, signal: AbortSignal): Promise<Outcome> {
    if (backupVolume === undefined) return DONE;
    const activationSyncRequestedAt = await askForSync(this.#parts, backupVolume);
    const message = `Before the activation, BackupVolume '${backupVolume.metadata.name}' has to be synced`;
    const pass = { waiting: { reason: 'Pending', message } } as const;
    await this.#report(volume, { pass, fields: { activationSyncRequestedAt } }, signal);
    return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
  }

  async #report(volume: Volume, report: Report, signal: AbortSignal): Promise<Outcome> {
    const { client, clock, events, limitWrites } = this.#parts;
    const backupVolume = this.#mirrorOf(volume);
    const { status, verdict } = statusOf({ volume, report, backupVolume, nowMs: clock.now(), signal });
    await limitWrites(() => patchStatus(client, resources.volumes, volume, { ...volume, status }));
    if (verdict.event !== undefined) events.record(volume, verdict.event);
    return DONE;
  }

  /** Whose newest backup is `lastBackup`: of the volume that is followed, else of the volume itself. */
  #mirrorOf(volume: Volume): BackupVolume | undefined {
    const { source, target, backupVolume } = gatherFacts(this.#parts, volume);
    if (source !== undefined && target !== undefined && isStandby(volume)) return backupVolume;
    return storeVolumeOf(this.#parts, volume.spec.backupTargetName ?? '', volume.metadata.name);
  }
}

function isAimed(facts: RestoreFacts): facts is AimedFacts {
  return facts.source !== undefined && facts.target !== undefined;
}

/** True for an activation whose newest backup cannot be restored: others have to be looked for. */
function isStuck({ volume }: RestoreFacts, step: RestoreStep): boolean {
  return step.step === 'fail' && step.isBadBackup === true && modeOf(volume) === 'activate';
}
