import { StoreError } from './errors.ts';

/** A signal that fires when any of several does. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Links a caller's signal and that of a lost lock into one; its reason is a `StoreError` (`Cancelled` for the caller's). Not
 * `AbortSignal.any`: it leaks on long-lived signals. Dispose it at the end.
 */
export function linkSignals(
  action: string,
  sources: { readonly cancelled: AbortSignal | undefined; readonly lost?: AbortSignal | undefined },
): LinkedSignal {
  const { cancelled, lost } = sources;
  const stop = new AbortController();
  const onCancelled = (): void => {
    stop.abort(new StoreError('Cancelled', { action, cause: cancelled?.reason }));
  };
  const onLost = (): void => {
    stop.abort(lost?.reason instanceof Error ? lost.reason : new StoreError('LockLost', { action }));
  };
  cancelled?.addEventListener('abort', onCancelled, { once: true });
  lost?.addEventListener('abort', onLost, { once: true });
  if (cancelled?.aborted === true) onCancelled();
  if (lost?.aborted === true) onLost();
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      cancelled?.removeEventListener('abort', onCancelled);
      lost?.removeEventListener('abort', onLost);
    },
  };
}
