import { type Reason, reasons } from '@mooring/api';

/** The target is another store now than the object came from. Nothing may be deleted there. */
export class StoreChanged extends Error {
  override readonly name = 'StoreChanged';
  readonly kind = 'stalled';
  readonly reason: Reason = 'StoreChanged';

  constructor() {
    super(reasons.StoreChanged.meaning);
  }
}

/** The store answers, and is empty: a share that is not mounted looks like that. Nothing can be said to be removed from it. */
export class StoreEmpty extends Error {
  override readonly name = 'StoreEmpty';
  readonly kind = 'stalled';
  readonly reason: Reason = 'Unavailable';

  constructor() {
    super(
      'the store is empty, so it may be away; bring it back, or set the label longhorn.io/delete-custom-resource-only=true',
    );
  }
}

/** What held when a removal began does not hold any more; the next pass sees what is to be done now. */
export class RemovalWithdrawn extends Error {
  override readonly name = 'RemovalWithdrawn';
  readonly kind = 'conflict';
  readonly reason: Reason = 'Deleting';
}
