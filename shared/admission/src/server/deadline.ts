/** Kubernetes' own default of a webhook's timeoutSeconds. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Kubernetes' upper limit of timeoutSeconds. */
const MAX_TIMEOUT_MS = 30_000;
/** Time kept for the answer's way back: the API server must get our verdict, not its own timeout. */
const MARGIN_MS = 1_000;

/**
 * Time for one review in milliseconds: the API server's own timeout, which it sends as `?timeout=10s`, less one second
 * (but at least half of it). Anything unreadable counts as 10 s.
 */
export function reviewDeadlineMs(timeout: unknown): number {
  const seconds = typeof timeout === 'string' ? /^(\d{1,2})s$/.exec(timeout)?.[1] : undefined;
  const timeoutMs = seconds === undefined ? DEFAULT_TIMEOUT_MS : Math.min(Number(seconds) * 1_000, MAX_TIMEOUT_MS);
  return Math.max(timeoutMs - MARGIN_MS, timeoutMs / 2);
}
