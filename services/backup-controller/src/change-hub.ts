import type { MoverRun } from '@mooring/api';
import { type Change, type Controller, keyOf, type MoverJobs } from '@mooring/runtime';
import type { BackupEntry } from './backup-entry.ts';
import { BY_TARGET, BY_VOLUME, type Caches, PENDING } from './caches.ts';
import { isCreating } from './creation/policies.ts';
import { needsRemoval } from './policies.ts';
import { verifyIntervalMs } from './verification/policies.ts';
import { volumeKey } from './volume-entry.ts';
import type { WorkCaches } from './work-caches.ts';

/** The controllers that work on what is made and removed here, and what they see. */
export interface Connected {
  readonly caches: Caches;
  readonly work: WorkCaches;
  readonly movers: Pick<MoverJobs, 'forget'>;
  readonly creation: Pick<Controller, 'enqueue'>;
  readonly removal: Pick<Controller, 'enqueue'>;
  readonly snapshot: Pick<Controller, 'enqueue'>;
  readonly verification: Pick<Controller, 'enqueue'>;
}

/** Says which change concerns which object that is made or removed here. Tells nobody before it is connected: the first lists come later. */
export class ChangeHub {
  readonly #namespace: string;
  #parts: Connected | undefined;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Caches and controllers need each other; this is the knot. */
  connect(parts: Connected): void {
    this.#parts = parts;
  }

  /** A Backup that is made here came, went, or changed. */
  onBackup(change: Change<BackupEntry>): void {
    const { key, old } = change;
    const entry = change.type === 'deleted' ? change.old : change.new;
    if (change.type !== 'deleted') this.#parts?.creation.enqueue(key);
    const isLeaving = change.type === 'deleted' || entry.isDeleting;
    if (isLeaving || (old !== undefined && old.state !== entry.state)) this.#wakeRemovals(entry.target, entry.volume);
    if (isLeaving) this.onSnapshot(entry.snapshotName);
  }

  /** Any Backup changed: it may be due for a verification, when one is asked for or a schedule is set. */
  onVerifiable({ key, old, new: current }: Change<BackupEntry>): void {
    if (current?.state !== 'Completed') return;
    if (current.verifyWish === '' && !this.#hasVerifySchedule()) return;
    const isNews =
      old?.state !== current.state || old.verifyWish !== current.verifyWish || old.verifiedMs !== current.verifiedMs;
    if (isNews) this.#parts?.verification.enqueue(key);
  }

  /** A setting changed. */
  onSetting(name: string): void {
    if (name !== 'backup-verify-interval' || !this.#hasVerifySchedule()) return;
    for (const entry of this.#parts?.caches.backups.list() ?? []) {
      if (entry.state === 'Completed') this.#parts?.verification.enqueue(keyOf(entry));
    }
  }

  /** A deletion that took data along has ended: what waits for its volume looks again. */
  onRemoved(entry: BackupEntry): void {
    this.#wakeRemovals(entry.target, entry.volume);
    this.wakePending();
  }

  /** A mover's Job came, went, or changed. */
  onJob(run: MoverRun, isGone: boolean): void {
    this.#parts?.movers.forget(run);
    const key = this.#keyOf(run.objectName);
    for (const controller of this.#controllersOf(run.task)) controller.enqueue(key);
    if (isGone) this.#onJobGone(run, key);
  }

  /** A Snapshot came, went, or changed. */
  onSnapshot(name: string): void {
    this.#parts?.snapshot.enqueue(this.#keyOf(name));
    this.wakePending();
  }

  /** A Volume came, went, or got another spec. */
  onSource(name: string): void {
    const snapshots = this.#parts?.work.snapshots.list() ?? [];
    for (const snapshot of snapshots) if (snapshot.spec.volume === name) this.#parts?.snapshot.enqueue(keyOf(snapshot));
    this.wakePending();
  }

  /** A BackupTarget, or its Secret, came, went, or changed: what waits for it, or failed with it, looks again. */
  onTarget(name: string): void {
    for (const entry of this.#parts?.caches.backups.byIndex(BY_TARGET, name) ?? []) {
      if (needsRemoval(entry)) this.#parts?.removal.enqueue(keyOf(entry));
      if (isCreating(entry)) this.#parts?.creation.enqueue(keyOf(entry));
    }
  }

  /** Backups that wait for their turn, or for something else, look again. */
  wakePending(): void {
    for (const entry of this.#parts?.caches.backups.byIndex(PENDING, PENDING) ?? []) {
      this.#parts?.creation.enqueue(keyOf(entry));
    }
  }

  #hasVerifySchedule(): boolean {
    return this.#parts !== undefined && verifyIntervalMs(this.#parts.work.settings, this.#namespace) > 0;
  }

  #controllersOf(task: string): readonly Pick<Controller, 'enqueue'>[] {
    if (this.#parts === undefined || task === 'restore') return [];
    const { creation, removal, snapshot, verification } = this.#parts;
    if (task === 'backup') return [creation, removal];
    return task === 'verify' ? [verification, removal] : [snapshot];
  }

  #onJobGone({ target, volume }: MoverRun, key: string): void {
    this.#wakeRemovals(target, volume);
    this.wakePending();
    const entry = this.#parts?.caches.backups.getByKey(key);
    if (entry?.isLocal === true) this.#parts?.snapshot.enqueue(this.#keyOf(entry.snapshotName));
  }

  #wakeRemovals(target: string, volume: string): void {
    for (const entry of this.#parts?.caches.backups.byIndex(BY_VOLUME, volumeKey(target, volume)) ?? []) {
      if (needsRemoval(entry)) this.#parts?.removal.enqueue(keyOf(entry));
    }
  }

  #keyOf(name: string): string {
    return `${this.#namespace}/${name}`;
  }
}
