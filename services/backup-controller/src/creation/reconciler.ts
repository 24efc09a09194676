import {
  ANNOTATION_STORE,
  ANNOTATION_TARGET_UID,
  ANNOTATION_TRACEPARENT,
  API_VERSION,
  type Backup,
  type BackupStatus,
  type BackupTarget,
  FINALIZER,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  type MoverSettings,
  type Reason,
  reasons,
  resources,
  secondTime,
  settingOf,
  type Volume,
} from '@mooring/api';
import { isBackupComplete, readVolumeConfig, type VolumeConfig } from '@mooring/backupstore';
import {
  addFinalizer,
  type MoverJobs,
  type Outcome,
  type Pass as SettlePass,
  patchObject,
  patchStatus,
  type ReconcileContext,
  settleObject,
  splitKey,
} from '@mooring/runtime';
import { dirname } from 'node:path';
import type { BackupEntry } from '../backup-entry.ts';
import { BY_VOLUME } from '../caches.ts';
import type { Parts } from '../parts.ts';
import { BackupConfigError, endOfPass, type Finding, statusAfterRead, statusWithVerdict } from '../status.ts';
import { askForSync } from '../steps/ask-for-sync.ts';
import { readFinding } from '../steps/read-backup.ts';
import { subjectOf } from '../steps/release-backup.ts';
import { type VolumeEntry, volumeKey } from '../volume-entry.ts';
import type { WorkCaches } from '../work-caches.ts';
import { findRival } from '../rivals.ts';
import { type CreationFacts, decideStep, isCreating, type Step } from './policies.ts';

const DONE: Outcome = { result: 'done' };

/** Backups whose movers run at once in the whole cluster: the nodes share them, and each has 2 blocks under way. */
const RUNNING_LIMIT = 10;

/** A wait whose end nobody tells of (a snapshot that may still be applied) is looked at again after so long, milliseconds. */
const LOOK_AGAIN_MS = 60_000;

/** What the passes are made with. */
export interface CreationParts extends Parts {
  readonly work: WorkCaches;
  readonly movers: MoverJobs;
  readonly moverSettings: MoverSettings;
  readonly coexistence: boolean;
}

/** The object with what it is made from. */
interface Work {
  readonly entry: BackupEntry;
  readonly backup: Backup;
  readonly facts: CreationFacts;
}

/**
 * Brings a Backup that is made in this cluster to its end.
 *
 *     snapshot, target, turn ──wait──→ Pending, with the reason
 *     ready ───────→ stamps of the target on the object → the store holds it already? adopt : a mover's Job
 *     Job runs ────→ the mover writes progress; here only events
 *     Job done ────→ status from the store's config → a sync of the volume is asked for → the Job goes
 *     Job failed ──→ Error with the mover's words; deleted after `failed-backup-ttl`
 *
 * Killed anywhere: everything is decided again from the object, the Job and the store.
 */
export class CreationReconciler {
  readonly #parts: CreationParts;
  /** UIDs of Backups whose start was told by an event. */
  readonly #announced = new Set<string>();

  constructor(parts: CreationParts) {
    this.#parts = parts;
  }

  /** One pass over the Backup with this key. */
  async reconcile(key: string, context: ReconcileContext): Promise<Outcome> {
    const entry = this.#parts.caches.backups.getByKey(key);
    if (entry === undefined) {
      await this.#parts.movers.stopOrphans(splitKey(key).name, ['backup']);
      return DONE;
    }
    if (!entry.isLocal || entry.isDeleting) return DONE;
    if (entry.state === 'Error' || entry.state === 'Unknown') return await this.#expire(entry);
    return isCreating(entry) ? await this.#advance(entry, context) : await this.#tidy(entry);
  }

  async #advance(entry: BackupEntry, context: ReconcileContext): Promise<Outcome> {
    const facts = this.#gather(entry);
    const step = decideStep(facts);
    if (step.step === 'rest') return DONE;
    const backup = await this.#parts.client.findSame<Backup>(resources.backups, entry);
    // The cache may be behind what was written a moment ago.
    if (backup === undefined || backup.metadata.deletionTimestamp || backup.status?.state === 'Completed') return DONE;
    return await this.#act({ entry, backup, facts }, step, context);
  }

  async #act(work: Work, step: Step, context: ReconcileContext): Promise<Outcome> {
    const { entry } = work;
    switch (step.step) {
      case 'rest':
        return DONE;
      case 'decline':
        await this.#write(
          work,
          {},
          { waiting: { reason: 'NotSupportedYet', message: reasons.NotSupportedYet.meaning } },
        );
        return DONE;
      case 'wait':
        await this.#wait(work, step.message);
        return { result: 'done', requeueAfterMs: LOOK_AGAIN_MS };
      case 'watch':
        await this.#watch(work);
        return DONE;
      case 'start':
        return await this.#start(work, context.signal);
      case 'finish':
        return await this.#finish(work, context.signal);
      case 'fail':
        await this.#fail(work, step.reason, work.backup.status?.error || step.message);
        await this.#parts.movers.stop({ task: 'backup', object: subjectOf(entry) });
        return DONE;
    }
  }

  #gather(entry: BackupEntry): CreationFacts {
    const { caches, work, movers, clock, coexistence } = this.#parts;
    const { namespace } = entry.metadata;
    const snapshot = work.snapshots.get(namespace, entry.snapshotName);
    const running = movers.list().filter(({ task }) => task === 'backup');
    return {
      entry,
      target: caches.targets.get(namespace, entry.target),
      snapshot,
      source: snapshot === undefined ? undefined : work.sources.get(namespace, snapshot.spec.volume),
      mover: movers.find({ task: 'backup', object: subjectOf(entry) })?.state,
      rival: findRival({ caches, movers }, entry),
      running: running.length,
      limit: RUNNING_LIMIT,
      coexistence,
      ageMs: clock.now() - entry.createdMs,
    };
  }

  async #wait(work: Work, message: string): Promise<void> {
    const { state, messages } = work.backup.status ?? {};
    if (state === 'Pending' && messages?.['info'] === message) return;
    const waiting = { waiting: { reason: 'Pending', message } } as const;
    await this.#write(work, { state: 'Pending', messages: { info: message } }, waiting);
  }

  async #watch(work: Work): Promise<void> {
    const { uid } = work.entry.metadata;
    const message = 'the mover writes the backup into the store';
    await this.#write(work, {}, { waiting: { reason: 'InProgress', message } });
    if (work.backup.status?.state !== 'InProgress' || this.#announced.has(uid)) return;
    this.#announced.add(uid);
    this.#tell(work, 'InProgress');
  }

  /** Stamps first: from the first byte on, the object says which store it is in. */
  async #start(work: Work, signal: AbortSignal): Promise<Outcome> {
    const { target, source } = work.facts;
    if (target === undefined || source === undefined) return DONE;
    const { store, storeHashOf } = await this.#parts.stores.resolve(target);
    const finding = await readFinding(store, this.#namesOf(work), signal);
    if (!(finding instanceof BackupConfigError) && isBackupComplete(finding)) {
      if (finding.snapshotName === work.entry.snapshotName) return await this.#finish(work, signal);
      const cure = 'delete this object, and make the backup under another name';
      await this.#fail(work, 'Error', `backup already exists, of snapshot '${finding.snapshotName}'; ${cure}`);
      return DONE;
    }
    const stamped = await this.#stamp(work, target, storeHashOf(target.status?.storeID));
    const volumeName = source.metadata.name;
    const labels = { volumeName, backupTargetName: target.metadata.name, snapshotName: work.entry.snapshotName };
    const pending = { waiting: { reason: 'Pending', message: 'a mover is started' } } as const;
    await this.#write({ ...work, backup: stamped }, { ...labels, state: 'Pending', messages: {}, error: '' }, pending);
    await this.#launch(stamped, source, target);
    return DONE;
  }

  async #launch(backup: Backup, source: Volume, target: BackupTarget): Promise<void> {
    const path = source.spec.source?.file?.path ?? '';
    const { movers, moverSettings, work, namespace } = this.#parts;
    await movers.start({
      settings: moverSettings,
      task: 'backup',
      object: backup,
      orders: {
        workers: settingOf(work.settings, namespace, 'backup-concurrent-limit'),
        corrupt: await this.#corruptBlocks(backup),
      },
      store: { target: target.metadata.name, volume: source.metadata.name },
      hostFolder: dirname(path),
      node: source.spec.nodeID,
      traceparent: backup.metadata.annotations?.[ANNOTATION_TRACEPARENT],
    });
  }

  /** Blocks of this volume that a verification found bad: the snapshot may still have them. */
  async #corruptBlocks({ metadata }: Backup): Promise<string> {
    const { caches, client, namespace } = this.#parts;
    const { [LABEL_BACKUP_TARGET]: target = '', [LABEL_BACKUP_VOLUME]: volume = '' } = metadata.labels ?? {};
    const damaged = caches.backups.byIndex(BY_VOLUME, volumeKey(target, volume)).filter((entry) => entry.hasBadBlocks);
    const lists = damaged.map(async (entry) => {
      const found = await client.get<Backup>(resources.backups, { namespace, name: entry.metadata.name });
      return found.status?.badBlocks ?? [];
    });
    return [...new Set((await Promise.all(lists)).flat())].join(',');
  }

  async #stamp(work: Work, target: BackupTarget, storeStamp: string): Promise<Backup> {
    const { backup, entry } = work;
    const { client, limitWrites } = this.#parts;
    const withFinalizer = await addFinalizer({ client, type: resources.backups, object: backup, finalizer: FINALIZER });
    const before = withFinalizer ?? backup;
    const annotations = {
      ...before.metadata.annotations,
      [ANNOTATION_TARGET_UID]: target.metadata.uid ?? '',
      [ANNOTATION_STORE]: storeStamp,
    };
    const labels = {
      ...before.metadata.labels,
      [LABEL_BACKUP_TARGET]: entry.target,
      [LABEL_BACKUP_VOLUME]: entry.volume,
    };
    const after = { ...before, metadata: { ...before.metadata, annotations, labels } };
    return await limitWrites(() => patchObject(client, resources.backups, before, after));
  }

  /** The truth is in the store: what the Job said only says that it is time to look. */
  async #finish(work: Work, signal: AbortSignal): Promise<Outcome> {
    const { entry, facts } = work;
    const { target } = facts;
    if (target === undefined) return DONE;
    const startedMs = this.#parts.clock.now();
    const { store, storeHashOf } = await this.#parts.stores.resolve(target);
    const names = this.#namesOf(work);
    const finding = await readFinding(store, names, signal);
    if (finding instanceof BackupConfigError || !isBackupComplete(finding)) {
      await this.#fail(work, 'Error', messageOf(finding));
      await this.#parts.movers.stop({ task: 'backup', object: subjectOf(entry) });
      return DONE;
    }
    const { config } = await readVolumeConfig(store, names.volume, { signal });
    const backup = await this.#stamp(work, target, storeHashOf(target.status?.storeID));
    const verdict = settleObject(backup, endOfPass(finding), { nowMs: this.#parts.clock.now() });
    const status = statusAfterRead(
      {
        before: backup.status,
        target: { name: target.metadata.name, url: target.spec.backupTargetURL ?? '' },
        volume: volumeFrom(config, names.volume, entry),
        storeName: entry.storeName,
        finding,
        startedMs,
        requested: entry.syncRequestedAt,
      },
      verdict,
    );
    await askForSync(this.#parts, { namespace: entry.metadata.namespace, target: entry.target, volume: entry.volume });
    await this.#patch(backup, { ...status, inProgressConfig: '', bytesDone: status.bytesTotal ?? '' });
    this.#tell(work, 'Completed');
    return await this.#tidy(entry);
  }

  async #fail(work: Work, reason: Reason, message: string): Promise<void> {
    const status: BackupStatus = {
      state: 'Error',
      error: message,
      messages: { error: message },
      lastSyncedAt: secondTime(this.#parts.clock.now()),
    };
    await this.#write(work, status, { waiting: { reason, message } });
    this.#tell(work, 'Error', message);
  }

  /** A failed backup goes after `failed-backup-ttl` minutes; 0: never. */
  async #expire(entry: BackupEntry): Promise<Outcome> {
    await this.#tidy(entry);
    const { client, limitWrites, work } = this.#parts;
    const { namespace, name, uid } = entry.metadata;
    const ttlMs = Number(settingOf(work.settings, namespace, 'failed-backup-ttl')) * 60_000;
    if (ttlMs === 0) return DONE;
    const backup = await client.findSame<Backup>(resources.backups, entry);
    const since = Date.parse(backup?.status?.lastSyncedAt ?? '');
    if (backup === undefined || Number.isNaN(since)) return DONE;
    const leftMs = since + ttlMs - this.#parts.clock.now();
    if (leftMs > 0) return { result: 'done', requeueAfterMs: leftMs };
    const message = `Failed backup ${name} has been deleted: ${backup.status?.error ?? ''}`;
    await limitWrites(() => client.delete(resources.backups, { namespace, name }, { uid }));
    this.#parts.events.record(subjectOf(entry), { type: 'Warning', reason: 'Error', message });
    return DONE;
  }

  async #tidy(entry: BackupEntry): Promise<Outcome> {
    this.#announced.delete(entry.metadata.uid);
    await this.#parts.movers.stop({ task: 'backup', object: subjectOf(entry) });
    return DONE;
  }

  /** As Longhorn: what happens to a backup is told on its Volume. */
  #tell({ entry, backup, facts }: Work, reason: 'InProgress' | 'Completed' | 'Error', error?: string): void {
    if (facts.source === undefined) return;
    const labels = Object.entries(backup.spec.labels ?? {}).map(([name, value]) => `${name}:${value}`);
    const message = `Snapshot ${entry.snapshotName} backup ${entry.metadata.name} label map[${labels.sort().join(' ')}]`;
    this.#parts.events.record(
      { ...facts.source, apiVersion: API_VERSION, kind: 'Volume' },
      {
        type: reason === 'Error' ? 'Warning' : 'Normal',
        reason,
        message: error === undefined ? message : `${message}: ${error}`,
      },
    );
  }

  #namesOf({ entry, facts, backup }: Work): { volume: string; backup: string } {
    const volume = facts.source?.metadata.name ?? backup.status?.volumeName ?? entry.volume;
    return { volume, backup: entry.storeName };
  }

  async #write({ backup }: Pick<Work, 'backup'>, change: BackupStatus, pass: SettlePass): Promise<void> {
    const verdict = settleObject(backup, pass, { nowMs: this.#parts.clock.now() });
    await this.#patch(backup, { ...statusWithVerdict(backup.status, verdict), ...change });
  }

  async #patch(backup: Backup, status: BackupStatus): Promise<void> {
    const { client, limitWrites } = this.#parts;
    await limitWrites(() => patchStatus<Backup>(client, resources.backups, backup, { ...backup, status }));
  }
}

function messageOf(finding: Finding): string {
  return finding instanceof BackupConfigError
    ? finding.message
    : 'the mover ended, but the backup in the store is not complete; delete this Backup and make another';
}

function volumeFrom(config: VolumeConfig, volumeName: string, entry: BackupEntry): VolumeEntry {
  const { name, namespace } = entry.metadata;
  return {
    metadata: { name, namespace, uid: '', resourceVersion: '' },
    target: entry.target,
    volumeName,
    isDeleting: false,
    hasVerdict: true,
    size: config.size,
    createdAt: config.createdTime,
    backingImageName: config.backingImageName,
  };
}
