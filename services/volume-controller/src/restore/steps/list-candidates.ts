import {
  type Backup,
  LABEL_BACKUP_TARGET,
  LABEL_BACKUP_VOLUME,
  labelValue,
  resources,
  storeNameOf,
} from '@mooring/api';
import type { AimedFacts } from '../decide-attempt.ts';
import type { RestoreParts } from '../parts.ts';

/** Backups that an activation tries at most after the newest: where none of so many can be restored, something else is wrong. */
const MOST_CANDIDATES = 5;

/** Names of the newest complete backups of the volume that is followed, newest first. */
export async function listCandidates(
  { client }: RestoreParts,
  { volume, source, target }: AimedFacts,
): Promise<string[]> {
  const labels = {
    [LABEL_BACKUP_TARGET]: labelValue(target.metadata.name),
    [LABEL_BACKUP_VOLUME]: labelValue(source.volume),
  };
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const { namespace } = volume.metadata;
  const { items } = await client.list<Backup>(resources.backups, { namespace, labelSelector });
  return items
    .filter(({ metadata, status }) => status?.state === 'Completed' && !metadata.deletionTimestamp)
    .sort((a, b) => (ageOf(a) < ageOf(b) ? 1 : -1))
    .slice(0, MOST_CANDIDATES)
    .map(({ metadata }) => storeNameOf(metadata));
}

/** RFC 3339 in UTC sorts as text. */
function ageOf({ status }: Backup): string {
  return status?.snapshotCreatedAt || status?.backupCreatedAt || '';
}
