import {
  type BackupVolume,
  type ConditionInput,
  conditionTypes,
  findCondition,
  reasons,
  type Reason,
  secondTime,
  type Volume,
  type VolumeStatus,
  withCondition,
} from '@mooring/api';
import { type Pass as SettlePass, settleObject, type Verdict } from '@mooring/runtime';
import { isStandby, type RestoreStep } from './decide-attempt.ts';

/** A restore that does not go on by itself, or not soon. */
class RestoreFailed extends Error {
  override readonly name = 'RestoreFailed';
  readonly kind = 'stalled';
  readonly reason: Reason = 'RestoreFailure';
}

/** What a pass over a Volume ends with. */
export interface Report {
  /** What `Ready` says. */
  readonly pass: SettlePass;
  /** What `Restore` says; undefined: what it says already. */
  readonly restore?: ConditionInput | undefined;
  /** Further fields. */
  readonly fields?: VolumeStatus | undefined;
}

/** What `Ready` says of a volume that was not restored and can be backed up. */
export const attached: Report = { pass: { done: { reason: 'Attached', message: reasons.Attached.meaning } } };

/** What `Ready` says of a volume that no engine reads. */
export const declined: Report = {
  pass: {
    waiting: { reason: 'NotSupportedYet', message: `${reasons.NotSupportedYet.meaning}; set spec.source.file.path` },
  },
};

/** What a step of a restore tells the user. Steps that go on at once tell nothing: undefined. */
export function reportOf(step: RestoreStep, volume: Volume): Report | undefined {
  const last = volume.status?.lastRestoredBackup ?? '';
  if (step.step === 'start') return restoring(volume, step.backup);
  if (step.step === 'watch') return restoring(volume, step.backup, volume.status?.restoreWaiting);
  if (step.step === 'wait')
    return { pass: { waiting: { reason: 'Pending', message: step.message } }, fields: beginning(volume) };
  if (step.step === 'fail') return failed(volume, step.message);
  if (step.step === 'finish')
    return { ...restored(volume, step.backup), fields: { ...beginning(volume), ...finished(volume, step.backup) } };
  if (step.step === 'activate') return { ...restored(volume, last), fields: ACTIVATED };
  return step.step === 'rest' ? restored(volume, last) : undefined;
}

const ACTIVATED: VolumeStatus = { isStandby: false, restoreRequired: false, activationSyncRequestedAt: '' };

/** `waiting`: what the mover waits for in the store, in its own words; empty or undefined: for nothing. */
function restoring(volume: Volume, backup: string, waiting?: string): Report {
  const message = `backup '${backup}' is being restored`;
  return {
    pass: { waiting: waiting ? { reason: 'Pending', message: waiting } : { reason: 'RestoreInProgress', message } },
    restore: condition('True', 'RestoreInProgress'),
    fields: beginning(volume),
  };
}

function failed(volume: Volume, message: string): Report {
  return {
    pass: { error: new RestoreFailed(message) },
    restore: condition('False', 'RestoreFailure', message),
    fields: beginning(volume),
  };
}

function restored(volume: Volume, backup: string): Report {
  const follows = isStandby(volume) && volume.spec.Standby === true ? ' and follows its backup volume' : '';
  return {
    pass: { done: { reason: 'Restored', message: `the volume holds backup '${backup}'${follows}` } },
    restore: condition('False', ''),
  };
}

function condition(status: 'True' | 'False', reason: Reason | '', message = ''): ConditionInput {
  return { type: conditionTypes.Restore, status, reason, message };
}

/** What is said of a volume that comes from a backup when it is seen first, as Longhorn does. */
function beginning({ spec, status }: Volume): VolumeStatus {
  if (status?.restoreInitiated === true) return {};
  return { restoreRequired: true, restoreInitiated: true, isStandby: spec.Standby === true };
}

function finished({ status }: Volume, backup: string): VolumeStatus {
  return {
    lastRestoredBackup: backup,
    restoreRequired: false,
    restoreProgress: 100,
    restoreError: '',
    ...(status?.bytesTotal === undefined ? {} : { bytesDone: status.bytesTotal }),
  };
}

/** What a status is made with. */
export interface StatusInput {
  readonly volume: Volume;
  readonly report: Report;
  /** The BackupVolume whose newest backup is `lastBackup`: the volume's own, or the one that it follows. */
  readonly backupVolume: BackupVolume | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** The status that a report leads to, and what follows from it. */
export function statusOf({ volume, report, backupVolume, nowMs, signal }: StatusInput): {
  readonly status: VolumeStatus;
  readonly verdict: Verdict;
} {
  const verdict = settleObject(volume, report.pass, { nowMs, signal });
  const { restore } = report;
  return {
    verdict,
    status: {
      ...volume.status,
      ...report.fields,
      ...newest(volume, backupVolume),
      conditions:
        restore === undefined || isIdle(restore, volume)
          ? verdict.conditions
          : withCondition(verdict.conditions, restore, secondTime(nowMs)),
      ...(verdict.observedGeneration === undefined ? {} : { observedGeneration: verdict.observedGeneration }),
    },
  };
}

function newest({ status }: Volume, mirror: BackupVolume | undefined): VolumeStatus {
  const { lastBackupName: lastBackup = '', lastBackupAt = '' } = mirror?.status ?? {};
  return status?.lastBackup === undefined && lastBackup === '' ? {} : { lastBackup, lastBackupAt };
}

/** A restore that never was needs no condition that says that there is none. */
function isIdle({ status, reason }: ConditionInput, volume: Volume): boolean {
  const said = findCondition(volume.status?.conditions, conditionTypes.Restore);
  return said === undefined && status === 'False' && reason === '';
}
