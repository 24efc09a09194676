import type { Reason } from '@mooring/api';

/** What held when a removal began does not hold any more; the next pass sees what is to be done now. */
export class RemovalWithdrawn extends Error {
  override readonly name = 'RemovalWithdrawn';
  readonly kind = 'conflict';
  readonly reason: Reason = 'Deleting';
}
