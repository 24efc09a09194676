import {
  API_VERSION,
  conditionTypes,
  FINALIZER,
  findCondition,
  type MoverTask,
  reasons,
  resources,
  type Snapshot,
  type SnapshotStatus,
} from '@mooring/api';
import {
  addFinalizer,
  hasFinalizer,
  type Outcome,
  type Pass as SettlePass,
  patchStatus,
  removeFinalizer,
  settleObject,
  splitKey,
} from '@mooring/runtime';
import { dirname } from 'node:path';
import { BY_SNAPSHOT } from '../caches.ts';
import type { CreationParts } from '../creation/reconciler.ts';
import { isCreating } from '../creation/policies.ts';
import { decideSnapshot, type SnapshotFacts, type SnapshotStep } from './policies.ts';

const DONE: Outcome = { result: 'done' };

/** The snapshot's mover failed; it is tried again. */
class MoverFailed extends Error {
  override readonly name = 'MoverFailed';
  readonly kind = 'transient';
  readonly reason = 'Error';
}

/**
 * Takes a Snapshot of a Volume, and removes it when the object is deleted; both by a mover, which is where the data is.
 *
 *     new ──Job──→ the mover takes it and writes `readyToUse` ──→ Ready, the Job goes
 *     deleted ──Job──→ the mover removes it ──→ our finalizer goes
 *
 * Killed anywhere: taking and removing may be repeated, and everything is decided again from the object and the Jobs.
 */
export class SnapshotReconciler {
  readonly #parts: CreationParts;

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  /** One pass over the Snapshot with this key. */
  async reconcile(key: string): Promise<Outcome> {
    const snapshot = this.#parts.work.snapshots.getByKey(key);
    if (snapshot === undefined) {
      // Killed between the object and its Jobs.
      await this.#parts.movers.stopOrphans(splitKey(key).name, ['take-snapshot', 'remove-snapshot']);
      return DONE;
    }
    const facts = this.#gather(snapshot);
    const step = decideSnapshot(facts);
    if (step.step === 'rest') return DONE;
    await this.#act(facts, step);
    return DONE;
  }

  #gather(snapshot: Snapshot): SnapshotFacts {
    const { work, movers, caches, coexistence } = this.#parts;
    const { name, namespace } = snapshot.metadata;
    const users = caches.backups.byIndex(BY_SNAPSHOT, name).filter(isCreating);
    const busy = users.find((entry) => movers.find({ task: 'backup', object: entry }) !== undefined);
    return {
      snapshot,
      source: work.sources.get(namespace, snapshot.spec.volume),
      taking: movers.find({ task: 'take-snapshot', object: snapshot })?.state,
      removing: movers.find({ task: 'remove-snapshot', object: snapshot })?.state,
      usedBy: busy?.metadata.name,
      coexistence,
    };
  }

  async #act(facts: SnapshotFacts, step: SnapshotStep): Promise<void> {
    const { snapshot } = facts;
    if (step.step === 'start') await this.#start(facts);
    if (step.step === 'finish') await this.#finish(snapshot);
    if (step.step === 'release') await this.#release(snapshot);
    if (step.step === 'again') await this.#tryAgain(snapshot, step.message);
    if (step.step === 'watch') await this.#write(snapshot, {}, { waiting: step });
    if (step.step === 'fail') {
      const message = snapshot.status?.error || step.message;
      await this.#write(snapshot, { error: message }, { waiting: { reason: step.reason, message } });
    }
  }

  /** A removal that failed is tried again for ever: the wish is in the object. */
  async #tryAgain(snapshot: Snapshot, message: string): Promise<void> {
    const error = new MoverFailed(snapshot.status?.error || message);
    await this.#parts.movers.stop({ task: 'remove-snapshot', object: snapshot });
    await this.#write(snapshot, {}, { error });
    throw error;
  }

  async #start({ snapshot, source }: SnapshotFacts): Promise<void> {
    const { client, limitWrites, movers, moverSettings } = this.#parts;
    const isDeleted = Boolean(snapshot.metadata.deletionTimestamp);
    // A Job that has just gone may be ahead of the cache: what it did is not to be done again.
    const live = await this.#parts.client.findSame<Snapshot>(resources.snapshots, snapshot);
    if (live === undefined || isOver(live)) return;
    if (!isDeleted) {
      // Before the data: a Snapshot that goes without it would leave its file behind.
      const options = { client, type: resources.snapshots, object: snapshot, finalizer: FINALIZER };
      if ((await limitWrites(() => addFinalizer(options))) === undefined) return;
    }
    const task: MoverTask = isDeleted ? 'remove-snapshot' : 'take-snapshot';
    await movers.start({
      settings: moverSettings,
      task,
      object: snapshot,
      hostFolder: dirname(source?.spec.source?.file?.path ?? ''),
      node: source?.spec.nodeID,
    });
  }

  /** The mover wrote `readyToUse` before it ended; the cache may be behind it. */
  async #finish(snapshot: Snapshot): Promise<void> {
    const current = await this.#parts.client.findSame<Snapshot>(resources.snapshots, snapshot);
    if (current === undefined) return;
    if (current.status?.readyToUse === true) {
      const done = { done: { reason: 'SnapshotTaken', message: reasons.SnapshotTaken.meaning } } as const;
      await this.#patch(current, { error: '' }, done);
    }
    await this.#parts.movers.stop({ task: 'take-snapshot', object: snapshot });
  }

  /** The object before the Jobs: as long as they are there, they say that there is nothing left to do. */
  async #release(snapshot: Snapshot): Promise<void> {
    const { client, limitWrites, movers } = this.#parts;
    await limitWrites(() =>
      removeFinalizer({ client, type: resources.snapshots, object: snapshot, finalizer: FINALIZER }),
    );
    await movers.stop({ task: 'remove-snapshot', object: snapshot });
    await movers.stop({ task: 'take-snapshot', object: snapshot });
  }

  async #write(snapshot: Snapshot, change: SnapshotStatus, pass: SettlePass): Promise<void> {
    const known = findCondition(snapshot.status?.conditions, conditionTypes.Ready);
    if ('waiting' in pass && known?.reason === pass.waiting.reason && known.message === pass.waiting.message) return;
    const current = await this.#parts.client.findSame<Snapshot>(resources.snapshots, snapshot);
    if (current !== undefined) await this.#patch(current, change, pass);
  }

  async #patch(current: Snapshot, change: SnapshotStatus, pass: SettlePass): Promise<void> {
    const { client, clock, limitWrites, events } = this.#parts;
    const { conditions, observedGeneration, event } = settleObject(current, pass, { nowMs: clock.now() });
    const observed = observedGeneration === undefined ? {} : { observedGeneration };
    const status = { ...current.status, ...change, conditions, ...observed };
    await limitWrites(() => patchStatus<Snapshot>(client, resources.snapshots, current, { ...current, status }));
    if (event !== undefined) events.record({ ...current, apiVersion: API_VERSION, kind: 'Snapshot' }, event);
  }
}

/** True when a mover has nothing to do for it any more. */
function isOver(snapshot: Snapshot): boolean {
  const isDeleted = Boolean(snapshot.metadata.deletionTimestamp);
  return isDeleted ? !hasFinalizer(snapshot, FINALIZER) : snapshot.status?.readyToUse === true;
}
