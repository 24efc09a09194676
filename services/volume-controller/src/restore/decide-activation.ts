import type { BackupVolume, Volume } from '@mooring/api';
import { type AimedFacts, fail, holds, isMixed, type RestoreStep, tryBackup, wait } from './decide-attempt.ts';

/**
 * The next step of a volume that is to follow no more: the store is looked at once again, its newest backup is restored, or, where that cannot be,
 * the newest that can. No Job runs when this is asked.
 */
export function latestStep(facts: AimedFacts): RestoreStep {
  const { volume, backupVolume } = facts;
  if (backupVolume === undefined) return orphanStep(facts);
  const asked = volume.status?.activationSyncRequestedAt ?? '';
  if (asked === '') return { step: 'ask-for-sync' };
  if (!isAnswered(backupVolume, asked)) return waitFor(facts, 'to be synced');
  const newest = backupVolume.status?.lastBackupName ?? '';
  if (newest === '') return isWhole(volume) ? { step: 'activate' } : waitFor(facts, 'to have a backup');
  return holds(volume, newest) ? { step: 'activate' } : bestStep(facts, newest);
}

/** The store does not have the volume any more: nothing newer can come. */
function orphanStep(facts: AimedFacts): RestoreStep {
  return isWhole(facts.volume) && hasSynced(facts) ? { step: 'activate' } : waitFor(facts, 'to be found in it');
}

function isWhole(volume: Volume): boolean {
  return Boolean(volume.status?.lastRestoredBackup) && !isMixed(volume);
}

function bestStep(facts: AimedFacts, newest: string): RestoreStep {
  const { volume, candidates } = facts;
  const wanted = [newest, ...(candidates ?? [])].find((backup) => !isRefused(facts, backup));
  // What was refused is not tried again before the others: it would spoil the data that they gave.
  if (wanted === undefined && candidates === undefined)
    return { ...fail(volume.status?.restoreError || `backup '${newest}' cannot be restored`), isBadBackup: true };
  return wanted !== undefined && holds(volume, wanted) ? { step: 'activate' } : tryBackup(facts, wanted ?? newest);
}

/** True when a sync that began after the request was written has ended: the request itself was answered, or a later one. */
function isAnswered({ spec, status }: BackupVolume, asked: string): boolean {
  const observed = status?.observedSyncRequestedAt ?? '';
  return observed === asked || (spec.syncRequestedAt !== asked && observed === spec.syncRequestedAt);
}

function hasSynced({ target: { spec, status } }: AimedFacts): boolean {
  if (status?.available !== true || !status.lastSyncedAt) return false;
  return !spec.syncRequestedAt || spec.syncRequestedAt === status.observedSyncRequestedAt;
}

function isRefused({ runs }: AimedFacts, backup: string): boolean {
  return runs.some(({ orders, state }) => orders.backup === backup && state.kind === 'failed' && state.isRefused);
}

function waitFor({ source, target }: AimedFacts, what: string): RestoreStep {
  return wait(`Before the activation, volume '${source.volume}' of BackupTarget '${target.metadata.name}' has ${what}`);
}
