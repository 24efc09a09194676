import {
  type BackupVolume,
  type ConditionInput,
  conditionTypes,
  findCondition,
  reasons,
  type Reason,
  type Volume,
  type VolumeStatus,
  withCondition,
} from '@mooring/api';
import { type Pass as SettlePass, settle, type Verdict } from '@mooring/runtime';
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
  const begun = beginning(volume);
  switch (step.step) {
    case 'watch':
    case 'start':
      return {
        pass: { waiting: { reason: 'RestoreInProgress', message: `backup '${step.backup}' is being restored` } },
        restore: condition('True', 'RestoreInProgress'),
        fields: begun,
      };
    case 'wait':
      return { pass: { waiting: { reason: 'Pending', message: step.message } }, fields: begun };
    case 'fail':
      return {
        pass: { error: new RestoreFailed(step.message) },
        restore: condition('False', 'RestoreFailure', step.message),
        fields: begun,
      };
    case 'finish':
      return { ...restored(volume, step.backup), fields: { ...begun, ...finished(volume, step.backup) } };
    case 'activate':
      return {
        ...restored(volume, volume.status?.lastRestoredBackup ?? ''),
        fields: { isStandby: false, restoreRequired: false, activationSyncRequestedAt: '' },
      };
    case 'rest':
      return restored(volume, volume.status?.lastRestoredBackup ?? '');
    default:
      return undefined;
  }
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
  /** RFC 3339, seconds. */
  readonly nowIso: string;
  readonly signal: AbortSignal;
}

/** The status that a report leads to, and what follows from it. */
export function statusOf({ volume, report, backupVolume, nowIso, signal }: StatusInput): {
  readonly status: VolumeStatus;
  readonly verdict: Verdict;
} {
  const { status = {}, metadata } = volume;
  const { conditions, observedGeneration } = status;
  const verdict = settle({
    pass: report.pass,
    conditions,
    observedGeneration,
    generation: metadata.generation,
    nowIso,
    signal,
  });
  const { restore } = report;
  const isSaid = restore === undefined || (restore.status === 'False' && restore.reason === '' && isAbsent(volume));
  const { lastBackupName: lastBackup = '', lastBackupAt = '' } = backupVolume?.status ?? {};
  return {
    verdict,
    status: {
      ...status,
      ...report.fields,
      ...(status.lastBackup === undefined && lastBackup === '' ? {} : { lastBackup, lastBackupAt }),
      conditions: isSaid ? verdict.conditions : withCondition(verdict.conditions, restore, nowIso),
      ...(verdict.observedGeneration === undefined ? {} : { observedGeneration: verdict.observedGeneration }),
    },
  };
}

/** A restore that never was needs no condition that says so. */
function isAbsent({ status }: Volume): boolean {
  return findCondition(status?.conditions, conditionTypes.Restore) === undefined;
}
