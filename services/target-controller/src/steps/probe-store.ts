/** Asks the store whether it answers and which store it is, and lists what is not a volume. */
import { listBackingImages, listSystemBackups, isStoreError, readMarker } from '@mooring/backupstore';
import type { ListedBackingImage, ListedSystemBackup, ObjectStore, StoreMarker } from '@mooring/backupstore';

/** The store's answers. */
export interface Probe {
  readonly systemBackups: readonly ListedSystemBackup[];
  readonly backingImages: readonly ListedBackingImage[];
  /** Undefined: there is none, or it may not be read. */
  readonly marker: StoreMarker | undefined;
}

/**
 * Three questions at once, so that a slow store costs one round trip. As in Longhorn the list of system backups is the probe: its error
 * is the one that counts. Throws the store's error.
 */
export async function probeTarget(store: ObjectStore, signal: AbortSignal): Promise<Probe> {
  const [systemBackups, backingImages, marker] = await Promise.allSettled([
    listSystemBackups(store, { signal }),
    listBackingImages(store, { signal }),
    readMarkerIfAllowed(store, signal),
  ]);
  return {
    systemBackups: valueOf(systemBackups).items,
    backingImages: valueOf(backingImages).items,
    marker: valueOf(marker),
  };
}

/** A key that may list but not read this object has no marker, as one that may not write it. */
async function readMarkerIfAllowed(store: ObjectStore, signal: AbortSignal): Promise<StoreMarker | undefined> {
  try {
    return await readMarker(store, { signal });
  } catch (error) {
    if (isStoreError(error, 'AccessDenied')) return undefined;
    throw error;
  }
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
