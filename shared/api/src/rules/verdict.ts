/** Making denials. */
import type { Denial, Verdict } from '../review.ts';

/** An empty verdict: allowed, nothing to say. */
export function newVerdict(): Verdict {
  return { denials: [], warnings: [] };
}

/** A value that is not allowed (422). */
export function invalid(field: string, message: string, cure: string): Denial {
  return { field, message, cure, code: 422 };
}

/** An operation that is not allowed (403). */
export function forbidden(field: string, message: string, cure: string): Denial {
  return { field, message, cure, code: 403 };
}

/** The same denial, resting on something that a cache may not have seen yet. */
export function unconfirmed(denial: Denial): Denial {
  return { ...denial, needs: 'live-check' };
}
