import { metrics, withSpan } from '@mooring/telemetry';
import { isStoreError, type StoreErrorCode } from '../errors.ts';
import type { StoreCall, Wrapper } from './invoke.ts';

const requests = metrics.counter('mooring_store_requests_total');
const seconds = metrics.histogram('mooring_store_request_seconds');
const retries = metrics.counter('mooring_store_retries_total');
const breakersOpen = metrics.gauge('mooring_store_breakers_open');

const openByScheme = new Map<string, number>();

/** Counts and times each attempt. Innermost, so that waiting for a slot is no part of it. */
export function withMetrics(scheme: string): Wrapper {
  return (next) => async (call, run) => {
    const startedMs = performance.now();
    let result = 'ok';
    try {
      return await next(call, run);
    } catch (error) {
      result = isStoreError(error) ? error.code : 'error';
      throw error;
    } finally {
      const labels = { scheme, operation: call.operation };
      requests.add(1, { ...labels, result });
      seconds.record((performance.now() - startedMs) / 1000, labels);
    }
  };
}

/** One span for each call, with its retries inside. Outermost. */
export function withTrace(scheme: string): Wrapper {
  return (next) => async (call, run) => {
    const attributes = {
      'rpc.system': 'mooring-store',
      'mooring.store.scheme': scheme,
      'mooring.store.operation': call.operation,
      ...(call.key !== undefined && { 'mooring.store.key': call.key }),
    };
    return await withSpan(`store ${call.operation}`, attributes, async () => await next(call, run));
  };
}

/** Counts a retry. */
export function countRetry(scheme: string, call: StoreCall, reason: StoreErrorCode): void {
  retries.add(1, { scheme, operation: call.operation, reason });
}

/** Counts one store's breaker. */
export interface BreakerCount {
  /** The breaker opened or closed. */
  changed(isOpen: boolean): void;
  /** The store is not used any more: a breaker that is open then counts no longer, whatever late answers do to it. */
  forget(): void;
}

/** Keeps the number of open breakers for a new store. */
export function countBreaker(scheme: string): BreakerCount {
  let counted = false;
  let isForgotten = false;
  const count = (isOpen: boolean): void => {
    const change = Number(isOpen) - Number(counted);
    counted = isOpen;
    const open = (openByScheme.get(scheme) ?? 0) + change;
    openByScheme.set(scheme, open);
    breakersOpen.set(open, { scheme });
  };
  count(false);
  return {
    changed: (isOpen) => {
      if (!isForgotten) count(isOpen);
    },
    forget: () => {
      isForgotten = true;
      count(false);
    },
  };
}
