import type { BackupVolume } from '@mooring/api';
import { type AimedFacts, holds, isMixed, type RestoreStep, tryBackup, wait } from './decide-attempt.ts';

/**
 * The next step of a volume that is to follow no more: the store is looked at once again, its newest backup is restored, or, where that cannot be,
 * the newest that can. No Job runs when this is asked.
 */
export function latestStep(facts: AimedFacts): RestoreStep {
  const { volume, backupVolume, candidates } = facts;
  const { activationSyncRequestedAt: asked = '', lastRestoredBackup: last = '' } = volume.status ?? {};
  // A volume that the store does not have any more: nothing newer can come.
  if (backupVolume === undefined && last !== '' && !isMixed(volume) && hasSynced(facts)) return { step: 'activate' };
  if (backupVolume === undefined) return waitFor(facts, 'to be found in it');
  if (asked === '') return { step: 'ask-for-sync' };
  if (!isAnswered(backupVolume, asked)) return waitFor(facts, 'to be synced');
  const newest = backupVolume.status?.lastBackupName ?? '';
  if (newest === '' || holds(volume, newest)) return { step: 'activate' };
  const wanted = [newest, ...(candidates ?? [])].find((backup) => !isRefused(facts, backup)) ?? newest;
  return holds(volume, wanted) ? { step: 'activate' } : tryBackup(facts, wanted);
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
