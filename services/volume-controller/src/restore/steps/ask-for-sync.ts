import { type BackupVolume, microTime, resources } from '@mooring/api';
import type { RestoreParts } from '../parts.ts';

/** Asks for a sync of the BackupVolume. Gives the request, as it will stand in `observedSyncRequestedAt`. Throws when the object is gone. */
export async function askForSync(parts: RestoreParts, { metadata, spec }: BackupVolume): Promise<string> {
  const { namespace, name, uid, resourceVersion } = metadata;
  const syncRequestedAt = microTime(parts.clock.now(), spec.syncRequestedAt);
  // The version makes sure that the request is later than the one that it replaces.
  const body = { metadata: { uid, resourceVersion }, spec: { syncRequestedAt } };
  await parts.limitWrites(() =>
    parts.client.patch(resources.backupVolumes, { namespace, name }, body, { kind: 'merge' }),
  );
  return syncRequestedAt;
}
