/**
 * Whether what a store lists may be believed (design.md §4 "Store marker"). Pure; tables in store-trust.test.ts.
 *
 *   marker = recorded storeID ───────────────────────────────▶ trusted    sync as it streams
 *   marker ≠ recorded storeID, same URL, not confirmed ──────▶ replaced   nothing is written
 *   nothing mirrored yet, URL changed, or confirmed ─────────▶ establish  take the marker's ID or write a marker, then sync
 *   otherwise (no marker, or none was ever recorded) ────────▶ judge      list everything first, then `isBelievable`
 */

/** What the decision rests on. */
export interface TrustFacts {
  /** `status.storeID`; `''` when none was recorded. */
  readonly recordedStoreID: string;
  /** The marker's storeID; undefined when the store has no marker. */
  readonly markerStoreID: string | undefined;
  /** Whether the spec's URL is the one that `recordedStoreID` belongs to. */
  readonly sameUrl: boolean;
  /** How many objects mirror this store already. */
  readonly mirrored: number;
  /** Whether the annotation `mooring.io/confirm-empty` has the value of `status.lastSyncedAt`. */
  readonly confirmed: boolean;
}

/** How to go on. `storeID` is absent where a new marker is to be written. */
export type Trust =
  | { readonly kind: 'trusted'; readonly storeID: string }
  | { readonly kind: 'establish'; readonly storeID?: string }
  | { readonly kind: 'judge' }
  | { readonly kind: 'replaced' };

/** Decides from the marker before anything is listed. MUST be asked again in every sync: it is what keeps an outage from emptying the cluster. */
export function judgeTrust(facts: TrustFacts): Trust {
  const { recordedStoreID, markerStoreID, sameUrl, mirrored, confirmed } = facts;
  const recorded = sameUrl ? recordedStoreID : '';
  if (markerStoreID !== undefined && markerStoreID === recorded) return { kind: 'trusted', storeID: recorded };
  if (markerStoreID !== undefined && recorded !== '' && !confirmed) return { kind: 'replaced' };
  if (mirrored === 0 || !sameUrl || confirmed) {
    return markerStoreID === undefined ? { kind: 'establish' } : { kind: 'establish', storeID: markerStoreID };
  }
  return { kind: 'judge' };
}

/**
 * Whether a complete listing may be believed although no marker vouches for it: it holds at least one of the things that are mirrored
 * already (names of volumes, backing images, system backups). An empty one, or one of strangers only, is not believed.
 */
export function isBelievable(mirroredNames: Iterable<string>, isListed: (name: string) => boolean): boolean {
  for (const name of mirroredNames) if (isListed(name)) return true;
  return false;
}

/** Whether the user confirmed that the store is empty or another one: the annotation equals the last sync's time, as text. */
export function isConfirmed(annotation: string | undefined, lastSyncedAt: string | null | undefined): boolean {
  return annotation !== undefined && annotation === (lastSyncedAt ?? '');
}
