import {
  ANNOTATION_FIRST_LISTING,
  ANNOTATION_STORE,
  ANNOTATION_STORE_NAME,
  ANNOTATION_TARGET_UID,
  ANNOTATION_TRACEPARENT,
  type BackupTarget,
  type BackupVolume,
  decodeFirstListing,
  labelValue,
  type VolumeListing,
} from '@mooring/api';
import { traceparent } from '@mooring/telemetry';
import type { BackupEntry } from './backup-entry.ts';
import { BY_VOLUME, keyOfVolume, targetNameOf } from './caches.ts';
import { readVolume, type VolumeReading } from './read-volume.ts';
import type { Parts } from './parts.ts';

/** Which volume a pass is about. */
interface VolumeIdentity {
  readonly namespace: string;
  /** Name of the BackupVolume object. */
  readonly objectName: string;
  /** Name of the BackupTarget. */
  readonly target: string;
  /** Name in the store. */
  readonly volumeName: string;
  /** The same in label form. */
  readonly volumeLabel: string;
}

/** Everything that a sync decides on, read before anything is written. */
export interface Scope extends VolumeReading {
  readonly volume: BackupVolume;
  readonly identity: VolumeIdentity;
  /** UID of the BackupVolume, and the stamps that its Backups carry too; empty where it has none. */
  readonly owner: { readonly uid: string; readonly store: string; readonly targetUid: string };
  /** Its Backups as the cache had them BEFORE the listing: a backup completed here in between must not look absent. */
  readonly entries: readonly BackupEntry[];
  /** When the pass began, milliseconds since 1970. */
  readonly startedMs: number;
  /** `spec.syncRequestedAt` as it was when the pass began. */
  readonly requested: string | undefined;
  /** W3C traceparent for the objects that this pass creates. */
  readonly traceparent: string | undefined;
}

/** What `gatherScope` reads from. */
export interface GatherInput {
  readonly volume: BackupVolume;
  readonly target: BackupTarget;
  /** Stamp of `volume.cfg` when this process read it last; undefined: it has to be read. */
  readonly knownConfig: string | undefined;
  readonly signal: AbortSignal;
}

/** Names a volume from its object. */
function identify(volume: BackupVolume): VolumeIdentity {
  const volumeName = volume.metadata.annotations?.[ANNOTATION_STORE_NAME] ?? volume.spec.volumeName ?? '';
  return {
    namespace: volume.metadata.namespace ?? '',
    objectName: volume.metadata.name,
    target: targetNameOf(volume),
    volumeName,
    volumeLabel: labelValue(volumeName),
  };
}

/** Reads all that a sync decides on: the cluster's side from the caches, then the store's. Throws StoreError when the store does not answer. */
export async function gatherScope(parts: Parts, input: GatherInput): Promise<Scope> {
  const { volume, target, signal, knownConfig: knownStamp } = input;
  const startedMs = parts.clock.now();
  const identity = identify(volume);
  const entries = parts.caches.backups.byIndex(BY_VOLUME, keyOfVolume(volume));
  const { store } = await parts.stores.resolve(target);
  const isFirst = !volume.status?.lastSyncedAt;
  const listing = entries.length === 0 ? handedListing(volume, startedMs) : undefined;
  const read = await readVolume(store, identity.volumeName, { isFirst, knownStamp, listing, nowMs: startedMs, signal });
  const annotations = volume.metadata.annotations ?? {};
  return {
    volume,
    identity,
    owner: {
      uid: volume.metadata.uid ?? '',
      store: annotations[ANNOTATION_STORE] ?? '',
      targetUid: annotations[ANNOTATION_TARGET_UID] ?? '',
    },
    entries,
    ...read,
    startedMs,
    requested: volume.spec.syncRequestedAt ?? undefined,
    traceparent: traceparent() ?? annotations[ANNOTATION_TRACEPARENT],
  };
}

/** What target-controller saw when it made this object, while nothing has happened since: no sync, and nobody asked for one. */
function handedListing(volume: BackupVolume, nowMs: number): VolumeListing | undefined {
  if (volume.status?.lastSyncedAt || volume.spec.syncRequestedAt) return undefined;
  return decodeFirstListing(volume.metadata.annotations?.[ANNOTATION_FIRST_LISTING], nowMs);
}
