import type { BackupTarget, Reason } from '@mooring/api';
import { isStoreError, type ObjectStore, readMarker } from '@mooring/backupstore';

/** The store under the target's URL is not the one that its own controller saw last. Only that controller can tell whether this is meant. */
export class StoreNotConfirmed extends Error {
  override readonly name = 'StoreNotConfirmed';
  /** The target's next sync ends it: it either records the new store or says `StoreReplaced`, which closes the target. */
  readonly kind = 'transient';
  readonly reason: Reason = 'StoreReplaced';
}

/**
 * Asks the store who it is. MUST succeed before an object is deleted because its backup is not listed: between two polls of the target another
 * store may have been put under its URL. One small GET. Throws StoreNotConfirmed, or the store's error; a store without marker, or one whose
 * marker may not be read, passes.
 */
export async function confirmStore(store: ObjectStore, target: BackupTarget, signal: AbortSignal): Promise<void> {
  const storeID = await readStoreID(store, signal);
  if (storeID === undefined || storeID === (target.status?.storeID ?? '')) return;
  throw new StoreNotConfirmed(
    `failed to remove Backups of target '${target.metadata.name}': its store has another marker than at its last sync; ask for a sync of the target`,
  );
}

async function readStoreID(store: ObjectStore, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await readMarker(store, { signal }))?.storeID;
  } catch (error) {
    if (isStoreError(error, 'AccessDenied')) return undefined;
    throw error;
  }
}
