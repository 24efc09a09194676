import {
  ANNOTATION_VERIFY,
  API_VERSION,
  type Backup,
  conditionTypes,
  reasons,
  resources,
  secondTime,
  settingOf,
  withCondition,
} from '@mooring/api';
import { type Outcome, patchStatus, splitKey } from '@mooring/runtime';
import type { BackupEntry } from '../backup-entry.ts';
import type { CreationParts } from '../creation/reconciler.ts';
import { subjectOf } from '../steps/release-backup.ts';
import { decideVerification, type VerificationStep, verifyIntervalMs } from './policies.ts';

const DONE: Outcome = { result: 'done' };

/** Verifications at once in the whole cluster: they are to disturb nobody. */
const RUNNING_LIMIT = 2;

/** Bad blocks that the condition names. */
const NAMED_IN_CONDITION = 3;

/**
 * Has the blocks of completed Backups looked for, by a mover: when the annotation `mooring.io/verify` asks, and as often as the setting
 * `backup-verify-interval` says. The result is in `status.verifiedAt`, `status.badBlocks` and condition `Verified`; nothing else changes.
 */
export class VerificationReconciler {
  readonly #parts: CreationParts;

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  /** One pass over the Backup with this key. */
  async reconcile(key: string): Promise<Outcome> {
    const { caches, movers, clock, work, namespace } = this.#parts;
    const entry = caches.backups.getByKey(key);
    if (entry === undefined) {
      await movers.stopOrphans(splitKey(key).name, ['verify']);
      return DONE;
    }
    const step = decideVerification({
      entry,
      target: caches.targets.get(entry.metadata.namespace, entry.target),
      mover: movers.find({ task: 'verify', object: entry })?.state,
      running: movers.list().filter(({ task }) => task === 'verify').length,
      limit: RUNNING_LIMIT,
      intervalMs: verifyIntervalMs(work.settings, namespace),
      nowMs: clock.now(),
    });
    return await this.#act(entry, step);
  }

  async #act(entry: BackupEntry, step: VerificationStep): Promise<Outcome> {
    if (step.step === 'later') return { result: 'done', requeueAfterMs: step.afterMs };
    if (step.step === 'finish') await this.#finish(entry, step.error);
    if (step.step === 'start') {
      const { movers, moverSettings, work, namespace } = this.#parts;
      await movers.start({
        settings: moverSettings,
        task: 'verify',
        object: subjectOf(entry),
        orders: { mode: step.mode, workers: settingOf(work.settings, namespace, 'restore-concurrent-limit') },
      });
    }
    return DONE;
  }

  /** The verdict first, then the wish and the Job: killed in between, the same verdict is written again. */
  async #finish(entry: BackupEntry, error: string | undefined): Promise<void> {
    const { client, limitWrites, movers, clock } = this.#parts;
    const { namespace, name } = entry.metadata;
    const backup = await client.findSame<Backup>(resources.backups, entry);
    if (backup !== undefined) {
      const condition = { type: conditionTypes.Verified, ...verdictOf(backup, error) } as const;
      const conditions = withCondition(backup.status?.conditions, condition, secondTime(clock.now()));
      const verifiedAt = backup.status?.verifiedAt ?? secondTime(clock.now());
      const status = { ...backup.status, conditions, ...(error === undefined ? { verifiedAt } : {}) };
      await limitWrites(() => patchStatus<Backup>(client, resources.backups, backup, { ...backup, status }));
      if (condition.status === 'False') {
        const { reason, message } = condition;
        this.#parts.events.record(
          { ...backup, apiVersion: API_VERSION, kind: 'Backup' },
          { type: 'Warning', reason, message },
        );
      }
      const patch = { metadata: { uid: entry.metadata.uid, annotations: { [ANNOTATION_VERIFY]: null } } };
      await limitWrites(() => client.patch(resources.backups, { namespace, name }, patch, { kind: 'merge' }));
    }
    await movers.stop({ task: 'verify', object: entry });
  }
}

function verdictOf({ status }: Backup, error: string | undefined) {
  const bad = status?.badBlocks ?? [];
  if (error !== undefined) {
    const message = `the verification failed: ${status?.messages?.['verify'] ?? error}`;
    return { status: 'False', reason: 'Error', message } as const;
  }
  if (bad.length === 0) return { status: 'True', reason: 'Verified', message: reasons.Verified.meaning } as const;
  const named = bad.slice(0, NAMED_IN_CONDITION).join(', ');
  const message = `${String(bad.length)} blocks are missing or corrupt (${named}${bad.length > NAMED_IN_CONDITION ? ', …' : ''}); back the volume up again while it still holds them`;
  return { status: 'False', reason: 'BadBlocks', message } as const;
}
