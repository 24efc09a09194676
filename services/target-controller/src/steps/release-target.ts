/** The end of a target: its objects go, its finalizer goes, its store stays as it is. */
import { FINALIZER, resources } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';
import { removeFinalizer } from '@mooring/runtime';
import type { Parts } from '../parts.ts';
import { clearMirror } from './clear-mirror.ts';

/**
 * Asks for the deletion of everything that mirrors the target, then removes our finalizer and only ours. Never talks to the store, so a
 * target whose store is down goes too. May be called again after a crash anywhere. Throws MirrorFailure, ApiError, ConnectionError.
 */
export async function releaseTarget(parts: Parts, target: BackupTarget): Promise<void> {
  if (!target.metadata.finalizers?.includes(FINALIZER)) return;
  await clearMirror(parts, target);
  const { client } = parts;
  await removeFinalizer({ client, type: resources.backupTargets, object: target, finalizer: FINALIZER });
}
