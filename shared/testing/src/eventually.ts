import { setTimeout as delay } from 'node:timers/promises';

/** How long and how often `eventually` tries. */
export interface EventuallyOptions {
  /** Default 10,000. */
  timeoutMs?: number;
  /** Time between two tries; default 25. */
  intervalMs?: number;
  /** Said when the time is over: `the target is Ready`. */
  what?: string;
}

/**
 * Calls `fn` until it neither throws nor returns `false`, and returns its value. After `timeoutMs` it throws an error
 * whose `cause` is what `fn` threw last. For waiting on real processes in tests instead of sleeping.
 */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false>> {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000);
  let cause: unknown;
  for (;;) {
    try {
      const value = await fn();
      if (value !== false) return value as Exclude<T, false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const detail = cause instanceof Error ? `: ${cause.message}` : '';
      const what = options.what ?? 'condition';
      throw new Error(`failed to see '${what}' within ${String(options.timeoutMs ?? 10_000)} ms${detail}`, { cause });
    }
    await delay(options.intervalMs ?? 25);
  }
}
