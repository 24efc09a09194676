import { isStoreError, StoreError, type StoreErrorCode } from '../errors.ts';
import { CallsPaused, type StoreCall, type StoreClock, type Wrapper } from './invoke.ts';

/** Bounds of the retries of one call. */
export interface RetryLimits {
  /** Milliseconds from the first attempt after which no further one is begun. */
  readonly callDeadlineMs: number;
  /** Told of each retry, for metrics. */
  readonly onRetry?: (call: StoreCall, code: StoreErrorCode) => void;
}

// Full jitter: a random wait up to base × 2^n, so that callers that failed together do not come back together.
const BASE_MS = 100;
const CAP_MS = 5000;

// Attempts in all, by error. A hang has cost its whole timeout; a refused connection seldom opens within a second.
const ATTEMPTS: Readonly<Partial<Record<StoreErrorCode, number>>> = {
  Unavailable: 5,
  Throttled: 8,
  Timeout: 2,
  HostNotFound: 3,
  ConnectionRefused: 3,
};

/** Tries again what may pass: with full jitter, or after what `Retry-After` says, within the call's deadline. All operations are safe to repeat. */
export function withRetry(limits: RetryLimits, clock: StoreClock): Wrapper {
  return (next) => async (call, run) => {
    const startedMs = clock.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(call, run);
      } catch (error) {
        if (error instanceof CallsPaused) throw pausedError(error, call);
        if (!isStoreError(error)) throw error;
        const waitMs = waitFor(error, attempt, clock);
        const isLate = clock.now() + waitMs - startedMs >= limits.callDeadlineMs;
        if (attempt >= (ATTEMPTS[error.code] ?? 1) || isLate || call.signal?.aborted === true) throw error;
        limits.onRetry?.(call, error.code);
        await clock.sleep(waitMs, call.signal);
      }
    }
  };
}

function waitFor(error: StoreError, attempt: number, clock: StoreClock): number {
  const jittered = clock.random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);
  return error.retryAfterMs === undefined ? jittered : error.retryAfterMs + jittered;
}

// Reads as the failure that opened the breaker, so that a condition does not change with the breaker's state.
function pausedError({ lastFailure }: CallsPaused, call: StoreCall): StoreError {
  return new StoreError(lastFailure.code, {
    action: call.action,
    detail: lastFailure.detail,
    cure: lastFailure.cure,
    cause: lastFailure,
    ...(call.key !== undefined && { key: call.key }),
  });
}
