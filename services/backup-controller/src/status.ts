import {
  type Backup,
  type BackupStatus,
  encodeBackupUrl,
  type Reason,
  reasons,
  secondTime,
  STORE_LABEL_RECURRING_JOBS,
} from '@mooring/api';
import { type BackupHead, isBackupComplete } from '@mooring/backupstore';
import type { Pass as SettlePass, Verdict } from '@mooring/runtime';
import type { VolumeEntry } from './volume-entry.ts';

/** A config that is missing, unreadable or another backup's. It spoils this Backup's status only. */
export class BackupConfigError extends Error {
  override readonly name = 'BackupConfigError';
  readonly kind = 'corrupt';
  readonly reason: Reason;

  /** `message`: plain words with the cure, stable: no ids, no times. */
  constructor(reason: 'ConfigNotFound' | 'Corrupt' | 'ForeignObject', message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** What the store holds for a backup. */
export type Finding = BackupHead | BackupConfigError;

/** What a pass that got an answer from the store knows. */
export interface ReadResult {
  /** The object's status before the write; undefined while nothing was ever written. */
  readonly before: Backup['status'];
  /** Name of the BackupTarget, and its URL as typed. */
  readonly target: { readonly name: string; readonly url: string };
  readonly volume: VolumeEntry;
  readonly storeName: string;
  readonly finding: Finding;
  /** When the pass began, milliseconds since 1970. */
  readonly startedMs: number;
  /** `spec.syncRequestedAt` as it was when the pass began; empty when never asked. */
  readonly requested: string;
}

/** How such a pass ended, for `settle`. */
export function endOfPass(finding: Finding): SettlePass {
  if (finding instanceof BackupConfigError) return { error: finding };
  if (isBackupComplete(finding)) return { done: { reason: 'Completed', message: reasons.Completed.meaning } };
  return { waiting: { reason: 'InProgress', message: reasons.InProgress.meaning } };
}

/** The status that a pass leads to. A config that is gone leaves the request open: the volume's next sync removes the object or asks again. */
export function statusAfterRead(result: ReadResult, verdict: Verdict): BackupStatus {
  const { before, target, volume, storeName, finding, startedMs, requested } = result;
  if (isGone(finding)) return statusWithVerdict(before, verdict);
  return {
    ...statusWithVerdict(before, verdict),
    ...(finding instanceof BackupConfigError ? fieldsOfError(finding) : fieldsOfHead(finding)),
    url: encodeBackupUrl({ backup: storeName, volume: volume.volumeName, targetUrl: target.url }),
    volumeName: volume.volumeName,
    volumeSize: volume.size,
    volumeCreated: volume.createdAt,
    volumeBackingImageName: volume.backingImageName,
    backupTargetName: target.name,
    lastSyncedAt: secondTime(startedMs),
    ...(requested === '' ? {} : { observedSyncRequestedAt: requested }),
  };
}

/** The status as it is, with what `settle` says of the pass. */
export function statusWithVerdict(before: Backup['status'], verdict: Verdict): BackupStatus {
  const { conditions, observedGeneration } = verdict;
  const observed = observedGeneration === undefined ? {} : { observedGeneration };
  return { ...BLANK, ...before, conditions, ...observed };
}

/** Every field that Longhorn's programs read without asking whether it is there. */
const BLANK = {
  ownerID: '',
  state: '',
  progress: 0,
  replicaAddress: '',
  error: '',
  url: '',
  snapshotName: '',
  snapshotCreatedAt: '',
  backupCreatedAt: '',
  size: '',
  labels: {},
  messages: {},
  volumeName: '',
  volumeSize: '',
  volumeCreated: '',
  volumeBackingImageName: '',
  compressionMethod: '',
  newlyUploadDataSize: '',
  reUploadedDataSize: '',
  backupTargetName: '',
} satisfies BackupStatus;

function isGone(finding: Finding): boolean {
  return finding instanceof BackupConfigError && finding.reason === 'ConfigNotFound';
}

function fieldsOfHead(head: BackupHead): BackupStatus {
  // As Longhorn, which keeps the jobs in the BackupVolume's status only (longhorn-manager.md §1.3).
  const { [STORE_LABEL_RECURRING_JOBS]: _jobs, ...labels } = head.labels ?? {};
  const isComplete = isBackupComplete(head);
  return {
    state: isComplete ? 'Completed' : 'InProgress',
    progress: isComplete ? 100 : 0,
    error: '',
    snapshotName: head.snapshotName,
    snapshotCreatedAt: head.snapshotCreatedAt,
    backupCreatedAt: head.createdTime,
    size: head.size,
    labels,
    messages: {},
    compressionMethod: head.compressionMethod,
    newlyUploadDataSize: head.newlyUploadedDataSize,
    reUploadedDataSize: head.reUploadedDataSize,
  };
}

function fieldsOfError({ message }: BackupConfigError): BackupStatus {
  return { state: 'Error', error: message, messages: { error: message } };
}
