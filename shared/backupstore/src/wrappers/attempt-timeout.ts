import { StoreError } from '../errors.ts';
import type { StoreCall, StoreClock, Wrapper } from './invoke.ts';

// The slowest link worth waiting for, on top of the fixed time: 256 KiB/s.
const BYTES_PER_MS = 256;

const answered = 'answered';

/**
 * Ends an attempt that takes too long, whether the backend heeds its signal or not (a file system does not), with
 * `Timeout`. The signal given to the backend also carries the caller's abort.
 */
export function withAttemptTimeout(timeoutMs: number, clock: StoreClock): Wrapper {
  return (next) => async (call, run) => {
    const attempt = new AbortController();
    const timer = new AbortController();
    const cancelled = Promise.withResolvers<never>();
    // Not AbortSignal.any: it leaks on a caller's long-lived signal.
    const onAbort = (): void => {
      attempt.abort();
      cancelled.reject(new StoreError('Cancelled', { ...errorParts(call), cause: call.signal?.reason }));
    };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    if (call.signal?.aborted === true) onAbort();
    const expired = clock.sleep(timeoutMs + call.bytes / BYTES_PER_MS, timer.signal).then(() => {
      if (timer.signal.aborted) return;
      attempt.abort();
      cancelled.reject(new StoreError('Timeout', errorParts(call)));
    });
    try {
      const work = next({ ...call, signal: attempt.signal }, run);
      // The loser of the race may fail later, unseen.
      for (const promise of [work, cancelled.promise]) promise.catch(() => undefined);
      return await Promise.race([work, cancelled.promise]);
    } finally {
      // With a reason of its own: making the default one, an AbortError with its stack, costs as much as a small request.
      timer.abort(answered);
      call.signal?.removeEventListener('abort', onAbort);
      await expired;
    }
  };
}

function errorParts(call: StoreCall): { action: string; key?: string } {
  return { action: call.action, ...(call.key !== undefined && { key: call.key }) };
}
