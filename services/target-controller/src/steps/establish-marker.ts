/** Sees to it that the store has a marker. */
import { isStoreError, MARKER_KEY, writeMarker } from '@mooring/backupstore';
import type { ObjectStore } from '@mooring/backupstore';
import { stableMessage } from '@mooring/runtime';
import type { Clock } from '@mooring/runtime';
import type { StoreIdentity } from '../status.ts';

/** What the marker is written with. */
export interface EstablishOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The ID that the store had and lost; undefined: any. */
  readonly lostStoreID?: string | undefined;
}

/**
 * Writes a marker, or takes the one that another writer put there first. A store that may not be written is used without one: storeID `''`
 * and the reason. Throws only what is no error of the store, and `Cancelled`.
 */
export async function establishMarker(options: EstablishOptions): Promise<StoreIdentity> {
  const { store, clock, signal, lostStoreID } = options;
  try {
    if (lostStoreID) await restoreMarker(options, lostStoreID);
    const marker = await writeMarker(store, { signal, now: () => clock.now() });
    return { storeID: marker.storeID };
  } catch (error) {
    // Also when it may pass: a store that is full, or whose writes time out, is still read. The next sync tries again.
    if (!isStoreError(error) || error.code === 'Cancelled') throw error;
    return { storeID: '', markerError: stableMessage(error) };
  }
}

/** Puts the lost marker back with its ID, unless another one is there by now. */
async function restoreMarker({ store, clock, signal }: EstablishOptions, storeID: string): Promise<void> {
  const body = Buffer.from(JSON.stringify({ storeID, createdAt: new Date(clock.now()).toISOString() }));
  try {
    await store.put({ key: MARKER_KEY, body, ifAbsent: store.capabilities.conditionalPut, signal });
  } catch (error) {
    if (!isStoreError(error, 'AlreadyExists')) throw error;
  }
}
