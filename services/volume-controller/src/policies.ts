import {
  ANNOTATION_TARGET_UID,
  type BackupTarget,
  type BackupVolume,
  backupObjectName,
  type ConfigInfo,
  configStamp,
  FINALIZER,
  isAskedToSync,
  isTargetOpen,
} from '@mooring/api';
import type { BackupEntry } from './backup-entry.ts';

/**
 * What one pass over a BackupVolume does. `wait`: it is asked to sync, but its target cannot be read now. `claim`: the same or nothing, but our
 * finalizer is missing, which an uninstall took off.
 */
export type Pass = 'release' | 'sync' | 'wait' | 'claim' | 'rest';

/** Decides what a pass does, from the object and its target as the caches know them. */
export function decidePass(volume: BackupVolume, target: BackupTarget | undefined): Pass {
  const isOurs = volume.metadata.finalizers?.includes(FINALIZER) === true;
  if (volume.metadata.deletionTimestamp) return isOurs ? 'release' : 'rest';
  const isAsked = isAskedToSync(volume);
  if (isAsked && target !== undefined && isTargetOpen(target) && isMirrorOf(volume, target)) return 'sync';
  if (!isOurs) return 'claim';
  return isAsked ? 'wait' : 'rest';
}

/** True when the object was made from this very target, not from an earlier one of the same name; true for objects that never said. */
function isMirrorOf(object: BackupVolume, target: BackupTarget): boolean {
  const uid = object.metadata.annotations?.[ANNOTATION_TARGET_UID];
  return uid === undefined || uid === target.metadata.uid;
}

/** A backup config as a LIST shows it. */
export interface ListedBackup extends ConfigInfo {
  readonly name: string;
}

/** A Backup object to create. */
export interface WantedBackup {
  readonly storeName: string;
  readonly stamp: string;
}

/** A change of one Backup object, written with one patch. */
export interface BackupChange {
  readonly entry: BackupEntry;
  /** New `mooring.io/config-etag`, or the old one. */
  readonly stamp: string;
  /** True when its config is to be read again. */
  readonly isAsked: boolean;
}

/** Everything that makes the Backup objects of one volume equal to the store's. */
export interface SyncPlan {
  readonly create: readonly WantedBackup[];
  readonly change: readonly BackupChange[];
  readonly remove: readonly BackupEntry[];
  /** Objects still being deleted whose backup is in the store: the sync is complete only when they are gone and created anew. */
  readonly waiting: readonly BackupEntry[];
}

/** What a sync compares. `entries` MUST have been read before the LIST, or a backup completed in between would look absent. */
export interface SyncFacts {
  readonly listed: readonly ListedBackup[];
  /** True when `volume.cfg` was seen: only then does a missing config prove that its backup is gone. */
  readonly isListingBelieved: boolean;
  readonly entries: readonly BackupEntry[];
  /** The BackupVolume's own stamps, which its Backups carry too. */
  readonly owner: { readonly uid: string; readonly store: string; readonly targetUid: string };
  /** Wall clock at the LIST, milliseconds. */
  readonly nowMs: number;
}

/**
 * Compares the store's listing with the Backup objects of the volume (design.md §4 step 2). Pure; the order follows the listing.
 * A Backup made in this cluster is left alone until it is completed; then it is as if it had been pulled.
 */
export function planSync(facts: SyncFacts): SyncPlan {
  const held = groupByStoreName(facts.entries);
  const create: WantedBackup[] = [];
  const change: BackupChange[] = [];
  const waiting: BackupEntry[] = [];
  const remove: BackupEntry[] = [];
  const listedNames = new Set<string>();
  for (const listed of facts.listed) {
    if (listedNames.has(listed.name)) continue;
    listedNames.add(listed.name);
    const stamp = configStamp(listed, facts.nowMs);
    const [keeper, ...doubles] = held.get(listed.name) ?? [];
    remove.push(...doubles.filter(isRemovable));
    if (keeper === undefined) create.push({ storeName: listed.name, stamp });
    else if (keeper.isDeleting) waiting.push(keeper);
    else change.push(...changeOf(keeper, stamp, facts.owner));
  }
  if (facts.isListingBelieved) {
    remove.push(...facts.entries.filter((entry) => !listedNames.has(entry.storeName) && isRemovable(entry)));
  }
  return { create, change, remove, waiting };
}

/** True for an object that a sync may delete: a pulled one, or one made here that is completed. Its remote data are not touched. */
export function isRemovable(entry: BackupEntry): boolean {
  return !entry.isDeleting && (!entry.isLocal || entry.state === 'Completed');
}

function changeOf(entry: BackupEntry, stamp: string, owner: SyncFacts['owner']): BackupChange[] {
  if (entry.isLocal && entry.state !== 'Completed') return [];
  const isMoved = isOther(entry.store, owner.store) || isOther(entry.targetUid, owner.targetUid);
  const isAsked = entry.stamp !== stamp || isMoved || entry.state === 'InProgress';
  return isAsked || entry.ownerUid !== owner.uid ? [{ entry, stamp, isAsked }] : [];
}

/** True when the volume says something else; a volume without stamps (made by Longhorn) says nothing, and erases nothing. */
function isOther(recorded: string, said: string): boolean {
  return said !== '' && recorded !== said;
}

/** Objects by the backup that they mirror. Of several, the first is kept: a living one, then one made here, then one under the plain name. */
function groupByStoreName(entries: readonly BackupEntry[]): Map<string, BackupEntry[]> {
  const groups = new Map<string, BackupEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.storeName);
    if (group === undefined) groups.set(entry.storeName, [entry]);
    else group.push(entry);
  }
  for (const group of groups.values()) group.sort((a, b) => rank(a) - rank(b));
  return groups;
}

function rank(entry: BackupEntry): number {
  const isPlain = entry.metadata.name === backupObjectName(entry.storeName);
  return (entry.isDeleting ? 4 : 0) + (entry.isLocal ? 0 : 2) + (isPlain ? 0 : 1);
}
