import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleType,
  noJitterGenerator,
} from 'cockatiel';
import { isStoreError, StoreError, type StoreErrorCode } from '../errors.ts';
import { CallsPaused, type Wrapper } from './invoke.ts';

/** Bounds of the breaker. */
export interface BreakerLimits {
  /** Failures in a row, of any calls to this store, that open it; default 8. */
  readonly breakerFailures: number;
  /** Pause before the first trial call, doubled after each failed one; default 1,000. */
  readonly breakerFirstPauseMs: number;
  /** Longest pause; default 30,000. */
  readonly breakerMaxPauseMs: number;
  /** Told when it opens and closes. */
  readonly onBreakerChange?: (isOpen: boolean) => void;
}

// What means that the store itself is away; any other answer, also an error, shows that it is there.
const AWAY: readonly StoreErrorCode[] = ['Unavailable', 'Timeout', 'HostNotFound', 'ConnectionRefused'];

/**
 * Asks a store that has failed many times in a row no more for a while, so that nothing waits for it: calls end at once
 * with {@link CallsPaused}, and one trial call after each pause finds out when it is back.
 */
export function withBreaker(limits: BreakerLimits): Wrapper {
  let lastFailure: StoreError | undefined;
  const policy = circuitBreaker(handleType(StoreError), {
    breaker: new ConsecutiveBreaker(limits.breakerFailures),
    halfOpenAfter: new ExponentialBackoff({
      initialDelay: limits.breakerFirstPauseMs,
      maxDelay: limits.breakerMaxPauseMs,
      generator: noJitterGenerator,
    }),
  });
  policy.onBreak(() => limits.onBreakerChange?.(true));
  policy.onReset(() => limits.onBreakerChange?.(false));
  return (next) => async (call, run) => {
    try {
      const outcome = await policy.execute(async () => {
        try {
          return { value: await next(call, run) };
        } catch (error) {
          if (!isStoreError(error, ...AWAY)) return { error };
          lastFailure = error;
          throw error;
        }
      });
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    } catch (error) {
      if (error instanceof BrokenCircuitError && lastFailure !== undefined) throw new CallsPaused(lastFailure);
      throw error;
    }
  };
}
