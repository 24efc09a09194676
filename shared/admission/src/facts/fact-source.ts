import type { FactAnswers, FactNeed } from '@mooring/api';

/** Any answer to any need. */
export type FactAnswer = FactAnswers[FactNeed['fact']];

/**
 * Where an answer may come from. `cached`: from a fresh cache, but "does not exist" is confirmed by a live read.
 * `live`: from the API server alone.
 */
export type FactMode = 'cached' | 'live';

/** How a need is answered. */
export interface FactRequest {
  readonly need: FactNeed;
  readonly mode: FactMode;
  /** Aborts live reads when nobody waits for the review any more. */
  readonly signal: AbortSignal;
}

/** Answers what the rules want to know about the rest of the cluster. */
export interface FactSource {
  /** @throws FactUnavailable when the answer would be a guess */
  answer(request: FactRequest): Promise<FactAnswer>;
}

/**
 * A fact cannot be had now: its cache is unsynced or stale, or the API server does not answer. The review ends with a
 * retryable verdict that carries this message.
 */
export class FactUnavailable extends Error {
  override readonly name = 'FactUnavailable';
  readonly kind = 'transient';
}
