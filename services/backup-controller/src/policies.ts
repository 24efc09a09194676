import { type BackupTarget, FINALIZER, isTargetOpen } from '@mooring/api';
import type { BackupEntry } from './backup-entry.ts';
import { isCreating } from './creation/policies.ts';
import type { VolumeEntry } from './volume-entry.ts';

/**
 * What one pass over a pulled Backup does.
 * `release`: it is being deleted, and only the object goes.
 * `read`: fill it in from the store. `wait`: it is asked to sync, but its target or its volume is not ready. `claim`: the same or nothing, but
 * our finalizer is missing, which an uninstall took off. `rest`: nothing.
 */
export type Pass = 'release' | 'read' | 'wait' | 'claim' | 'rest';

/** What a pass is decided on, all from caches. */
export interface PassFacts {
  readonly entry: BackupEntry;
  readonly target: BackupTarget | undefined;
  readonly volume: VolumeEntry | undefined;
}

/** Decides what a pass does. Backups that are made here, and deletions that may take data with them, are other controllers' (creation, removal). */
export function decidePass({ entry, target, volume }: PassFacts): Pass {
  const isOurs = entry.metadata.finalizers.includes(FINALIZER);
  if (entry.isDeleting) return isOurs && isObjectOnly({ entry, target, volume }) ? 'release' : 'rest';
  if (isCreating(entry)) return 'rest';
  const pass = decideMirror({ entry, target, volume });
  return !isOurs && (pass === 'wait' || pass === 'rest') ? 'claim' : pass;
}

/**
 * True when a deleted Backup certainly leaves its data where they are: a mirror that is tidied up, or one whose target or volume went. The caches
 * are good enough for that; what they miss, the removal sees.
 */
export function isObjectOnly({ entry, target, volume }: PassFacts): boolean {
  if (entry.isLocal) return false;
  if (entry.isObjectOnly || !target || target.metadata.deletionTimestamp) return true;
  if (!isSameUid(entry.targetUid, target.metadata.uid)) return true;
  if (volume === undefined) return entry.ownerUid !== '';
  return volume.isDeleting || !isSameUid(entry.ownerUid, volume.metadata.uid);
}

function decideMirror({ entry, target, volume }: PassFacts): Pass {
  if (!isAsked(entry)) return 'rest';
  return isTargetReadable(entry, target) && isVolumeKnown(entry, volume) ? 'read' : 'wait';
}

/** True when a deletion of the object is to be decided by the removal. */
export function needsRemoval(entry: BackupEntry): boolean {
  return entry.isDeleting && entry.metadata.finalizers.includes(FINALIZER);
}

/** True when a pass over the object can have something to do; decides whether an informer's event is worth a place in the queue. */
export function needsPass(entry: BackupEntry): boolean {
  return decidePass({ entry, target: undefined, volume: undefined }) !== 'rest';
}

/** *Asked to sync* of design.md §4, on an entry: whoever wrote the request, whatever their clock says. */
function isAsked(entry: BackupEntry): boolean {
  if (entry.isLocal && entry.state !== 'Completed') return false;
  if (!entry.isSynced) return true;
  return entry.syncRequestedAt !== '' && entry.syncRequestedAt !== entry.observedSyncRequestedAt;
}

/** True when the target's store may be read for this object: it is open, and the target that the object came from. */
function isTargetReadable(entry: BackupEntry, target: BackupTarget | undefined): target is BackupTarget {
  return target !== undefined && isSameUid(entry.targetUid, target.metadata.uid) && isTargetOpen(target);
}

/**
 * True when volume-controller has said something about the volume: its size, its creation time and its backing image are then copied from there,
 * which saves one GET of `volume.cfg` for every Backup.
 */
function isVolumeKnown(entry: BackupEntry, volume: VolumeEntry | undefined): volume is VolumeEntry {
  return volume !== undefined && volume.hasVerdict && isSameUid(entry.ownerUid, volume.metadata.uid);
}

/** True when nothing was recorded, or what was recorded still holds. */
function isSameUid(recorded: string, actual: string | undefined): boolean {
  return recorded === '' || recorded === actual;
}
