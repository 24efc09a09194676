import { type BackupTarget, FINALIZER, isTargetOpen } from '@mooring/api';
import type { BackupEntry } from './backup-entry.ts';
import type { VolumeEntry } from './volume-entry.ts';

/**
 * What one pass over a Backup does.
 * `release`: it is being deleted, let the object go. `decline`: it was made from a Snapshot here, which this version cannot back up: say so.
 * `read`: fill it in from the store. `wait`: it is asked to sync, but its target or its volume is not ready. `claim`: the same or nothing, but
 * our finalizer is missing, which an uninstall took off. `rest`: nothing.
 */
export type Pass = 'release' | 'decline' | 'read' | 'wait' | 'claim' | 'rest';

/** What a pass is decided on, all from caches. */
export interface PassFacts {
  readonly entry: BackupEntry;
  readonly target: BackupTarget | undefined;
  readonly volume: VolumeEntry | undefined;
}

/** Decides what a pass does. */
export function decidePass({ entry, target, volume }: PassFacts): Pass {
  const isOurs = entry.metadata.finalizers.includes(FINALIZER);
  if (entry.isDeleting) return isOurs ? 'release' : 'rest';
  const pass = entry.isLocal ? decideLocal(entry) : decideMirror({ entry, target, volume });
  return !isOurs && (pass === 'wait' || pass === 'rest') ? 'claim' : pass;
}

function decideLocal({ state, readyReason }: BackupEntry): Pass {
  return state === '' && readyReason !== 'NotSupportedYet' ? 'decline' : 'rest';
}

function decideMirror({ entry, target, volume }: PassFacts): Pass {
  if (!isAsked(entry)) return 'rest';
  return isTargetReadable(entry, target) && isVolumeKnown(entry, volume) ? 'read' : 'wait';
}

/** True when a pass over the object can have something to do; decides whether an informer's event is worth a place in the queue. */
export function needsPass(entry: BackupEntry): boolean {
  return decidePass({ entry, target: undefined, volume: undefined }) !== 'rest';
}

/** *Asked to sync* of design.md §4, on an entry: whoever wrote the request, whatever their clock says. */
function isAsked(entry: BackupEntry): boolean {
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

/**
 * True when a deleted Backup was a person's wish for its remote data rather than a mirror being tidied up: target and volume are there, are not
 * being deleted, are the ones that the object came from, and nobody said `delete-custom-resource-only`. Such a person is told that remote data stay.
 */
export function isRemoteDeleteWish({ entry, target, volume }: PassFacts): boolean {
  if (entry.isObjectOnly || entry.isLocal) return false;
  if (!target || target.metadata.deletionTimestamp) return false;
  if (volume === undefined || volume.isDeleting) return false;
  return isSameUid(entry.targetUid, target.metadata.uid) && isSameUid(entry.ownerUid, volume.metadata.uid);
}

/** True when nothing was recorded, or what was recorded still holds. */
function isSameUid(recorded: string, actual: string | undefined): boolean {
  return recorded === '' || recorded === actual;
}
