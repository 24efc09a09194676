import { type BackupVolume, type BackupVolumeStatus, type Reason, reasons, secondTime } from '@mooring/api';
import type { VolumeConfig } from '@mooring/backupstore';
import type { Pass as SettlePass, Verdict } from '@mooring/runtime';

/** Longhorn counts every block as 2 MiB here, also those of 16 MiB (backupstore-format.md §3); its UI shows the same number. */
const DATA_STORED_BLOCK_BYTES = 2n * 1024n * 1024n;

/** A `volume.cfg` that is missing, unreadable or another volume's. It spoils this volume's status only; its backups are listed all the same. */
export class VolumeConfigError extends Error {
  override readonly name = 'VolumeConfigError';
  readonly kind = 'corrupt';
  readonly reason: Reason;

  /** `message`: plain words with the cure, stable: no ids, no times. */
  constructor(reason: 'ConfigNotFound' | 'Corrupt' | 'ForeignObject', message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** What a pass learned of `volume.cfg`. `unchanged`: not read, because it looks as it did when it was read last. */
export type ConfigReading =
  | { readonly kind: 'read'; readonly config: VolumeConfig; readonly mtimeMs: number }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'bad'; readonly error: VolumeConfigError };

/** What a pass that got an answer from the store knows. */
export interface PassResult {
  readonly volume: BackupVolume;
  readonly reading: ConfigReading;
  /** When the pass began, milliseconds since 1970. */
  readonly startedMs: number;
  /** `spec.syncRequestedAt` as it was read when the pass began. */
  readonly requested: string | undefined;
  /** Backup objects that are still being deleted and have to be created anew: with any, the sync is not complete. */
  readonly waitingCount: number;
}

/** How such a pass ended, for `settle`. A bad `volume.cfg` outweighs dying objects: it is what the user has to repair. */
export function endOfPass({ reading, waitingCount }: PassResult): SettlePass {
  if (reading.kind === 'bad') return { error: reading.error };
  if (waitingCount === 0) return { done: { reason: 'Synced', message: reasons.Synced.meaning } };
  const what = waitingCount === 1 ? '1 Backup is' : `${waitingCount} Backups are`;
  const message = `${what} still being deleted and will be created anew; if this lasts, look for finalizers of others on them`;
  return { waiting: { reason: 'Syncing', message } };
}

/** The status that a pass leads to. Fields that it learned nothing about keep their values; with dying objects the request stays open. */
export function statusAfterSync(result: PassResult, verdict: Verdict): BackupVolumeStatus {
  const { reading, startedMs, requested, waitingCount } = result;
  const status = { ...statusWithVerdict(result.volume, verdict), ...fieldsOf(reading) };
  if (waitingCount > 0) return status;
  const observed = requested === undefined ? {} : { observedSyncRequestedAt: requested };
  return { ...status, lastSyncedAt: secondTime(startedMs), ...observed };
}

/** The status as it is, with what `settle` says of the pass. */
export function statusWithVerdict(volume: BackupVolume, verdict: Verdict): BackupVolumeStatus {
  const { conditions, observedGeneration } = verdict;
  const observed = observedGeneration === undefined ? {} : { observedGeneration };
  return { ...BLANK, ...volume.status, conditions, ...observed };
}

/** Every text field that Longhorn's programs read without asking whether it is there. */
const BLANK = {
  ownerID: '',
  size: '',
  labels: {},
  createdAt: '',
  lastBackupName: '',
  lastBackupAt: '',
  dataStored: '',
  messages: {},
  backingImageName: '',
  backingImageChecksum: '',
  storageClassName: '',
} satisfies BackupVolumeStatus;

function fieldsOf(reading: ConfigReading): BackupVolumeStatus {
  if (reading.kind === 'unchanged') return {};
  if (reading.kind === 'bad') return { messages: { error: reading.error.message } };
  const { config, mtimeMs } = reading;
  return {
    size: config.size,
    labels: { ...config.labels },
    createdAt: config.createdTime,
    lastBackupName: config.lastBackupName,
    lastBackupAt: config.lastBackupAt,
    dataStored: (BigInt(config.blockCount) * DATA_STORED_BLOCK_BYTES).toString(),
    messages: {},
    backingImageName: config.backingImageName,
    backingImageChecksum: config.backingImageChecksum,
    storageClassName: config.storageClassName,
    lastModificationTime: secondTime(mtimeMs),
  };
}
