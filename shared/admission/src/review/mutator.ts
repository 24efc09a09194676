import { applyDefaults } from '@mooring/api';
import type { Facts } from '@mooring/api';
import { FactUnavailable } from '../facts/fact-source.ts';
import type { FactSource } from '../facts/fact-source.ts';
import { gatherFacts } from '../facts/gather-facts.ts';
import type { Reviewer } from '../server/app.ts';
import { allow, reject, retryLater } from './responses.ts';
import { reviewOf } from './review-of.ts';

/** What a reviewer judges with. */
export interface ReviewerOptions {
  readonly source: FactSource;
  readonly objectNamespace: string;
  readonly allowedSchemes: readonly string[];
  /** The W3C traceparent of the current span, if there is one. */
  readonly traceparent: () => string | undefined;
}

/** The facts that are known before anything is looked up. */
export function initialFacts({ objectNamespace, allowedSchemes, traceparent }: ReviewerOptions): Facts {
  return { objectNamespace, allowedSchemes, traceparent: traceparent() };
}

/**
 * The mutating webhook's reviewer: allows everything, with the patch that completes the object. It writes nothing, so a
 * dry run is like any other request. When a fact cannot be had, the answer is retryable.
 */
export function createMutator(options: ReviewerOptions): Reviewer {
  return async (request, signal) => {
    const read = reviewOf(request, initialFacts(options));
    if ('problem' in read) return reject(request.uid, 400, read.problem);
    const { review } = read;
    try {
      const facts = await gatherFacts({ review, phase: 'mutate', source: options.source, mode: 'cached', signal });
      return allow(request.uid, { patch: applyDefaults({ ...review, facts }) });
    } catch (error) {
      if (error instanceof FactUnavailable) return retryLater(request.uid, error.message);
      throw error;
    }
  };
}
