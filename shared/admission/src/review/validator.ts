import { validate } from '@mooring/api';
import type { Review, Verdict } from '@mooring/api';
import { FactUnavailable } from '../facts/fact-source.ts';
import type { FactMode } from '../facts/fact-source.ts';
import { gatherFacts } from '../facts/gather-facts.ts';
import type { Reviewer } from '../server/app.ts';
import type { AdmissionRequest, AdmissionResponse } from './admission-review.ts';
import { initialFacts } from './mutator.ts';
import type { ReviewerOptions } from './mutator.ts';
import { allow, deny, reject, retryLater } from './responses.ts';
import { reviewOf } from './review-of.ts';

/** What the validator judges with. */
export interface ValidatorOptions extends ReviewerOptions {
  /** Whether the object namespace is being deleted, read live; throws FactUnavailable. */
  readonly isNamespaceDeleting: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * The validating webhook's reviewer. A denial that rests on what a cache said is checked once more with live reads, and
 * nothing hinders the deletion of objects in a namespace that goes away. It writes nothing.
 */
export function createValidator(options: ValidatorOptions): Reviewer {
  return async (request, signal) => {
    const read = reviewOf(request, initialFacts(options));
    if ('problem' in read) return reject(request.uid, 400, read.problem);
    try {
      return await judge(options, { request, review: read.review, signal });
    } catch (error) {
      if (error instanceof FactUnavailable) return retryLater(request.uid, error.message);
      throw error;
    }
  };
}

interface Case {
  readonly request: AdmissionRequest;
  readonly review: Review;
  readonly signal: AbortSignal;
}

async function judge(options: ValidatorOptions, one: Case): Promise<AdmissionResponse> {
  const { request, signal } = one;
  let verdict = await verdictOf(options, one, 'cached');
  if (verdict.denials.some(({ needs }) => needs === 'live-check')) verdict = await verdictOf(options, one, 'live');
  const { denials, warnings } = verdict;
  if (denials.length === 0) return allow(request.uid, { warnings });
  if (request.operation === 'DELETE' && (await options.isNamespaceDeleting(signal))) return allow(request.uid);
  return deny(request.uid, denials, warnings);
}

async function verdictOf({ source }: ValidatorOptions, { review, signal }: Case, mode: FactMode): Promise<Verdict> {
  const facts = await gatherFacts({ review, phase: 'validate', source, mode, signal });
  const { kind, operation, object, old } = review;
  if (operation === 'DELETE') return validate({ kind, operation, facts, old: object });
  return validate({ kind, operation, facts, new: object, ...(old === undefined ? {} : { old }) });
}
