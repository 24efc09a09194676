import { factsNeeded, withFact } from '@mooring/api';
import type { Facts, Review } from '@mooring/api';
import { FactUnavailable } from './fact-source.ts';
import type { FactMode, FactSource } from './fact-source.ts';

/** Rounds of asking; the rules promise at most four, so more is a defect of theirs. */
const MAX_ROUNDS = 8;

/** What is gathered, for what. */
export interface GatherOptions {
  /** A review with the facts that are known from the start. */
  readonly review: Review;
  readonly phase: 'mutate' | 'validate';
  readonly source: FactSource;
  readonly mode: FactMode;
  readonly signal: AbortSignal;
}

/**
 * Looks up everything that this one review rests on: asks the rules what they need, answers, asks again.
 *
 * @returns the review's facts with the answers added
 * @throws FactUnavailable when an answer would be a guess
 */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { review, phase, source, mode, signal } = options;
  let facts = review.facts;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const needs = factsNeeded({ ...review, facts }, phase);
    if (needs.length === 0) return facts;
    const answers = await Promise.all(needs.map((need) => source.answer({ need, mode, signal })));
    for (const [index, need] of needs.entries()) facts = withFact(facts, need, answers[index] as never);
  }
  throw new FactUnavailable(`failed to review the request: its facts were not complete after ${MAX_ROUNDS} rounds`);
}
