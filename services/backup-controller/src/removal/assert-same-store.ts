import type { BackupTarget, Reason } from '@mooring/api';
import { type ObjectStore, readMarker } from '@mooring/backupstore';

/** The store does not carry the marker that its target knows it by. Nothing may be removed from it. */
export class StoreNotConfirmed extends Error {
  override readonly name = 'StoreNotConfirmed';
  readonly kind = 'stalled';
  readonly reason: Reason = 'StoreReplaced';
}

/**
 * Asks the store who it is, right before something is removed from it: between two polls of the target another store may have been put under its
 * URL. One small GET. Throws StoreNotConfirmed when its marker is not the recorded one (also when it is gone), or the store's error.
 */
export async function assertSameStore(store: ObjectStore, target: BackupTarget, signal: AbortSignal): Promise<void> {
  const found = (await readMarker(store, { signal }))?.storeID ?? '';
  if (found === (target.status?.storeID ?? '')) return;
  throw new StoreNotConfirmed(
    `failed to remove data from target '${target.metadata.name}': its store has another marker than at its last sync; put the right store back, or ask for a sync of the target`,
  );
}
