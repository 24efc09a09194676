import { type RecurringJob, resources, settingOf, type SettingName, type Volume } from '@mooring/api';
import { ApiError, isAlreadyExists, patchObject } from '@mooring/runtime';
import type { AimedFacts } from '../decide-attempt.ts';
import type { RestoreParts } from '../parts.ts';
import { chooseJob, jobLabels, type JobChoice, recordedJobs, wantsJobs } from '../recorded-jobs.ts';

/** Answers of the API server that say that it will never take the job. */
const REFUSALS: readonly number[] = [400, 422];

/**
 * Gives a Volume back the recurring jobs of the volume that it comes from, before its first restore begins; killed in between, it does the same again.
 * A job that cannot be made is told in an event, and keeps nothing up. Gives the Volume as it is then. Throws what the API server answers.
 */
export async function restoreJobs(parts: RestoreParts, { backupVolume }: AimedFacts, volume: Volume): Promise<Volume> {
  const { client, caches, limitWrites } = parts;
  const { namespace = '', labels } = volume.metadata;
  const setting = (name: SettingName): string => settingOf(caches.settings, namespace, name);
  const isDefault = setting('restore-volume-recurring-jobs') === 'true';
  if (backupVolume === undefined || hasBegun(volume) || !wantsJobs(volume, isDefault)) return volume;
  const recorded = recordedJobs(backupVolume);
  if (recorded.length === 0) return volume;
  const { items } = await client.list<RecurringJob>(resources.recurringJobs, { namespace });
  const settings = { 'recurring-job-max-retention': setting('recurring-job-max-retention') };
  const facts = { objectNamespace: namespace, allowedSchemes: [], settings };
  const added: Record<string, string> = {};
  for (const job of recorded) {
    const choice = chooseJob(job, items, facts);
    const problem = choice.problem ?? (await make(parts, choice));
    if (problem === undefined) Object.assign(added, jobLabels(job, choice.name));
    else {
      const message = `recurring job '${job.name}' is not restored: ${problem}`;
      parts.events.record(volume, { type: 'Warning', reason: 'Error', message });
    }
  }
  const metadata = { ...volume.metadata, labels: { ...labels, ...added } };
  return await limitWrites(() => patchObject(client, resources.volumes, volume, { ...volume, metadata }));
}

/** Why the job was refused; undefined: it is there. */
async function make({ client, limitWrites }: RestoreParts, { create }: JobChoice): Promise<string | undefined> {
  if (create === undefined) return undefined;
  try {
    await limitWrites(() => client.create(resources.recurringJobs, create));
    return undefined;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    if (error instanceof ApiError && REFUSALS.includes(error.status)) return error.message;
    throw error;
  }
}

/** True once a mover has touched the data. */
function hasBegun({ status }: Volume): boolean {
  return Boolean(status?.restoreRun || status?.lastRestoredBackup);
}
