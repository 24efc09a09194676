import { type Reason, reasons } from '@mooring/api';
import { isStoreError } from '../errors.ts';
import { STORE_ROOT } from '../layout.ts';
import { readMarker } from '../marker.ts';
import type { ObjectStore } from '../store.ts';
import type { ResolvedStore } from '../target-store.ts';

/** The target is another store now than the object came from. Nothing may be deleted there. */
class StoreChanged extends Error {
  override readonly name = 'StoreChanged';
  readonly kind = 'stalled';
  readonly reason: Reason = 'StoreChanged';

  constructor() {
    super(reasons.StoreChanged.meaning);
  }
}

/** The store answers, and is empty: a share that is not mounted looks like that. Nothing can be said to be removed from it. */
class StoreEmpty extends Error {
  override readonly name = 'StoreEmpty';
  readonly kind = 'stalled';
  readonly reason: Reason = 'Unavailable';

  constructor() {
    super(
      'the store is empty, so it may be away; bring it back, or set the label longhorn.io/delete-custom-resource-only=true',
    );
  }
}

/**
 * MUST succeed before anything is deleted: the store that the target is now (URL, endpoint, and the marker that it answers with) is the one that the
 * object came from, `recorded` in its annotation `mooring.io/store`. One small GET, and a LIST of one key where there is no marker. Throws an error
 * with the reason `StoreChanged` or `Unavailable`, or the store's error.
 */
export async function assertSameStore(
  { store, storeHashOf }: Pick<ResolvedStore, 'store' | 'storeHashOf'>,
  recorded: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const storeID = await readStoreID(store, signal);
  if (storeID === undefined && (await isEmpty(store, signal))) throw new StoreEmpty();
  if (storeHashOf(storeID) !== recorded) throw new StoreChanged();
}

async function isEmpty(store: ObjectStore, signal: AbortSignal): Promise<boolean> {
  try {
    const { objects, continuation } = await store.list({ prefix: STORE_ROOT, maxKeys: 1, signal });
    return objects.length === 0 && continuation === undefined;
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return true;
    throw error;
  }
}

/** As the stamps were made: a store whose marker may not be read has none. */
async function readStoreID(store: ObjectStore, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await readMarker(store, { signal }))?.storeID;
  } catch (error) {
    if (isStoreError(error, 'AccessDenied')) return undefined;
    throw error;
  }
}
