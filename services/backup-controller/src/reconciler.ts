import { type Backup, type BackupStatus, type BackupTarget, FINALIZER, resources } from '@mooring/api';
import {
  addFinalizer,
  ApiError,
  errorFacts,
  type Outcome,
  type Pass as SettlePass,
  patchStatus,
  type ReconcileContext,
  settleObject,
  type Verdict,
} from '@mooring/runtime';
import { withRemoteParent, withSpan } from '@mooring/telemetry';
import type { BackupEntry } from './backup-entry.ts';
import { BY_VOLUME } from './caches.ts';
import type { Parts } from './parts.ts';
import { decidePass, type PassFacts } from './policies.ts';
import { endOfPass, statusAfterRead, statusWithVerdict } from './status.ts';
import { readFinding, recordBlockSize } from './steps/read-backup.ts';
import { releaseBackup, subjectOf } from './steps/release-backup.ts';
import { type VolumeEntry, volumeKey } from './volume-entry.ts';

const DONE: Outcome = { result: 'done' };

/** A pass that reads: its object, and the target and volume that it needs. */
interface Reading {
  readonly entry: BackupEntry;
  readonly target: BackupTarget;
  readonly volume: VolumeEntry;
}

/** The part of an object that a status write starts from. */
type Before = Pick<Backup, 'metadata' | 'status'>;

/**
 * Fills in one pulled Backup, or one made here that is complete.
 *
 *     deleted, its data stay ───────────→ release: our finalizer
 *     not asked to sync ────────────────→ rest (our finalizer, if an uninstall took it off)
 *     target or volume not ready ───────→ wait: their own change asks again
 *     asked ────────────────────────────→ 1 ranged GET → (spec.backupBlockSize, if not 2 MiB) → 1 status write
 *
 * Killed anywhere: the status, written last, still asks.
 */
export class BackupReconciler {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One pass over the Backup with this key. Throws what made it fail; the queue tries again. */
  async reconcile(key: string, context: ReconcileContext): Promise<Outcome> {
    const entry = this.#parts.caches.backups.getByKey(key);
    if (entry === undefined) return DONE;
    const facts = this.#gather(entry);
    const { target, volume } = facts;
    const pass = decidePass(facts);
    if (pass === 'release') await releaseBackup(this.#parts, entry);
    if (pass === 'claim') await this.#claim(entry);
    if (pass !== 'read' || target === undefined || volume === undefined) return DONE;
    const attributes = { 'k8s.object.name': entry.metadata.name, 'mooring.target': target.metadata.name };
    const parent = entry.traceparent === '' ? undefined : entry.traceparent;
    return await withRemoteParent(parent, () =>
      withSpan('read backup', attributes, () => this.#read({ entry, target, volume }, context)),
    );
  }

  #gather(entry: BackupEntry): PassFacts {
    const { targets, volumes } = this.#parts.caches;
    const candidates = volumes.byIndex(BY_VOLUME, volumeKey(entry.target, entry.volume));
    const owner = candidates.find((volume) => volume.metadata.uid === entry.ownerUid);
    return { entry, target: targets.get(entry.metadata.namespace, entry.target), volume: owner ?? candidates[0] };
  }

  async #read(reading: Reading, { signal }: ReconcileContext): Promise<Outcome> {
    const { entry, target, volume } = reading;
    const startedMs = this.#parts.clock.now();
    try {
      const { store } = await this.#parts.stores.resolve(target);
      const names = { volume: volume.volumeName, backup: entry.storeName };
      const finding = await readFinding(store, names, signal);
      const metadata = await recordBlockSize(this.#parts, entry, finding);
      const before = await this.#before(entry, metadata);
      if (before === undefined) return DONE;
      const verdict = settleObject(before, endOfPass(finding), { nowMs: this.#parts.clock.now(), signal });
      const result = {
        before: before.status,
        target: { name: target.metadata.name, url: target.spec.backupTargetURL ?? '' },
        volume,
        storeName: entry.storeName,
        finding,
        startedMs,
        requested: entry.syncRequestedAt,
      };
      await this.#writeStatus(before, statusAfterRead(result, verdict), verdict);
      return DONE;
    } catch (error) {
      if (isAboutThisBackup(error)) await this.#report(entry, { error }, signal);
      throw error;
    }
  }

  async #claim(entry: BackupEntry): Promise<void> {
    const { client, limitWrites } = this.#parts;
    const options = { client, type: resources.backups, object: subjectOf(entry), finalizer: FINALIZER };
    await limitWrites(() => addFinalizer(options));
  }

  /** Writes how a pass ended, and nothing else. */
  async #report(entry: BackupEntry, pass: SettlePass, signal: AbortSignal): Promise<void> {
    const before = await this.#before(entry, subjectOf(entry).metadata);
    if (before === undefined) return;
    const verdict = settleObject(before, pass, { nowMs: this.#parts.clock.now(), signal });
    await this.#writeStatus(before, statusWithVerdict(before.status, verdict), verdict);
  }

  /** What a status write starts from: nothing for a Backup that never had a status, else the live object; undefined when it is gone. */
  async #before(entry: BackupEntry, metadata: Backup['metadata']): Promise<Before | undefined> {
    const { client } = this.#parts;
    if (!entry.metadata.finalizers.includes(FINALIZER)) {
      return await addFinalizer<Before>({
        client,
        type: resources.backups,
        object: subjectOf(entry),
        finalizer: FINALIZER,
      });
    }
    if (!entry.hasStatus) return { metadata };
    return await client.findSame<Backup>(resources.backups, entry);
  }

  async #writeStatus(before: Before, status: BackupStatus, verdict: Verdict): Promise<void> {
    const { client, events, limitWrites } = this.#parts;
    await limitWrites(() => patchStatus<Before>(client, resources.backups, before, { ...before, status }));
    const { metadata } = before;
    if (verdict.event !== undefined)
      events.record({ apiVersion: 'longhorn.io/v1beta2', kind: 'Backup', metadata }, verdict.event);
  }
}

/** Answers of the API server that stay the same until somebody acts: a policy, a quota, an invalid object. */
const REFUSALS: readonly number[] = [400, 403, 422];

/**
 * True for a failure that only this Backup can tell of. False for one that says something about the store, the network or a race: the target's
 * own condition tells that, and twenty thousand Backups saying it too would be twenty thousand writes.
 */
function isAboutThisBackup(error: unknown): boolean {
  if (error instanceof ApiError) return REFUSALS.includes(error.status);
  const { kind } = errorFacts(error);
  return kind === 'stalled' || kind === 'corrupt';
}
