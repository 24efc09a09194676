import { type BackupTarget, FINALIZER, type MoverRun, type RestoreSource, type Volume } from '@mooring/api';
import { latestStep } from './decide-activation.ts';
import {
  type AimedFacts,
  fail,
  holds,
  isStandby,
  type RestoreFacts,
  type RestoreStep,
  tryBackup,
  wait,
} from './decide-attempt.ts';

/**
 * What a pass over a Volume is about. `leave`: not ours, or nothing to do. `release`: it is being deleted and has our finalizer.
 * `decline`: no engine for its source. `plain`: it can be backed up. `restore`: it comes from a backup.
 */
export type VolumePass = 'leave' | 'release' | 'decline' | 'plain' | 'restore';

/** Decides what a pass is about. With `coexistence` (a Longhorn works in this cluster) volumes without a source of ours are its. */
export function decideVolume(volume: Volume, coexistence: boolean): VolumePass {
  const { metadata, spec } = volume;
  const isForeign = spec.source === undefined || spec.source.longhorn !== undefined;
  if (coexistence && isForeign) return 'leave';
  if (metadata.deletionTimestamp) return metadata.finalizers?.includes(FINALIZER) === true ? 'release' : 'leave';
  if (spec.source?.file === undefined) return 'decline';
  return spec.fromBackup ? 'restore' : 'plain';
}

/** How a volume that comes from a backup is meant to move on. */
export type RestoreMode = 'initial' | 'follow' | 'activate' | 'none';

/** Decides how a volume is meant to move on. */
export function modeOf({ spec, status }: Volume): RestoreMode {
  if (!spec.fromBackup) return 'none';
  if (status?.restoreInitiated !== true) return 'initial';
  if (status.isStandby === true && spec.Standby !== true) return 'activate';
  if (status.restoreRequired === true) return 'initial';
  return status.isStandby === true ? 'follow' : 'none';
}

/** Decides the next step. Pure; what is there is looked at before what is wanted. */
export function decideRestore(facts: RestoreFacts): RestoreStep {
  const { volume, source, target } = facts;
  const mode = modeOf(volume);
  if (mode === 'none') return facts.runs.length > 0 ? { step: 'clear', runs: facts.runs } : { step: 'rest' };
  if (source === undefined)
    return fail('spec.fromBackup names no backup and volume; copy status.url of a Backup into a new Volume');
  if (target === undefined)
    return fail(`no BackupTarget has the store of spec.fromBackup; create one with URL ${source.destUrl}`);
  return decideRun(facts, { source, target, mode }) ?? decideWanted({ ...facts, source, target }, mode);
}

interface Aim {
  readonly source: RestoreSource;
  readonly target: BackupTarget;
  readonly mode: RestoreMode;
}

/** What the Jobs that are there ask for; undefined: nothing, or they have failed. */
function decideRun({ volume, runs }: RestoreFacts, { source, target, mode }: Aim): RestoreStep | undefined {
  const isOnce = mode === 'initial' && !isStandby(volume);
  const isWanted = ({ orders }: MoverRun): boolean =>
    orders.target === target.metadata.name &&
    orders.volume === source.volume &&
    (!isOnce || orders.backup === source.backup);
  const unwanted = runs.filter((run) => !isWanted(run));
  if (unwanted.length > 0) return { step: 'stop', runs: unwanted };
  if (runs.some(({ state }) => state.kind === 'stopping')) return wait('Waiting for the mover to end');
  const running = runs.find(({ state }) => state.kind === 'running');
  if (running !== undefined) return { step: 'watch', backup: running.orders.backup };
  const done = runs.find(({ state }) => state.kind === 'done');
  return done === undefined ? undefined : { step: 'finish', backup: done.orders.backup };
}

function decideWanted(facts: AimedFacts, mode: RestoreMode): RestoreStep {
  if (mode === 'activate') return latestStep(facts);
  const { volume, source, backupVolume } = facts;
  const newest = isStandby(volume) ? (backupVolume?.status?.lastBackupName ?? '') : '';
  if (mode === 'initial') return tryBackup(facts, newest || source.backup);
  return newest === '' || holds(volume, newest) ? { step: 'rest' } : tryBackup(facts, newest);
}
