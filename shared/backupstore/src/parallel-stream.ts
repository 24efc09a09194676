/** How {@link forEachStreamed} runs. */
export interface StreamedWork {
  /** Items worked on at once; 1 or more. */
  readonly limit: number;
  /** Ends it: what runs gets it, and nothing more is begun. */
  readonly signal: AbortSignal;
}

/**
 * Runs `work` over what `source` yields, at most `limit` at once, and asks for the next item only when a worker is free.
 * The first failure, of the source too, aborts the signal that the other workers were given and is thrown when they have ended.
 */
export async function forEachStreamed<T>(
  source: AsyncIterable<T>,
  { limit, signal }: StreamedWork,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  // Not AbortSignal.any: it leaks on a caller's long-lived signal.
  const onAbort = (): void => {
    stop.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const iterator = source[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    try {
      while (!stop.signal.aborted) {
        const next = await iterator.next();
        // `next` may have waited while another worker failed.
        if (next.done === true || isAborted(stop)) return;
        await work(next.value, stop.signal);
      }
    } catch (error) {
      // What runs when the signal fires fails too, in ways of its own.
      failure ??= { error: signal.aborted ? signal.reason : error };
      stop.abort(error);
    }
  };
  try {
    await Promise.all(Array.from({ length: limit }, run));
    if (failure !== undefined) throw (failure as { error: unknown }).error;
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
    await iterator.return?.().catch(() => undefined);
  }
}

function isAborted(controller: AbortController): boolean {
  return controller.signal.aborted;
}
