/** Go durations (`time.ParseDuration` and `Duration.String`), the wire form of `pollInterval` and `retainAge`. */

/**
 * What Go's ParseDuration accepts, without a sign: `5m0s`, `1h30m`, `1.5s`, `300ms`, `0`. RE2-compatible: the same text
 * is the `pattern` of the CRDs.
 */
export const DURATION_PATTERN = '^(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const WHOLE = new RegExp(DURATION_PATTERN);
const PART = /([0-9.]+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Longest Go duration: 2^63-1 ns, about 292 years. */
const MAX_MS = 9_223_372_036_854;

/**
 * Milliseconds (possibly fractional) of a Go duration without sign, e.g. `parseDurationMs('4m30s') === 270000`;
 * undefined when the text is not one or is longer than Go can hold (about 292 years).
 */
export function parseDurationMs(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, value = '', unit = ''] of text.matchAll(PART)) total += Number(value) * (UNIT_MS[unit] ?? 0);
  return total <= MAX_MS ? total : undefined;
}

/** Go's text of a duration in milliseconds (≥ 0): `0s`, `300ms`, `1.5s`, `5m0s`, `1h0m0s`; microseconds are kept. */
export function formatDuration(durationMs: number): string {
  const micros = Math.round(durationMs * 1000);
  if (micros <= 0) return '0s';
  if (micros < 1000) return `${micros}µs`;
  if (micros < 1_000_000) return `${micros / 1000}ms`;
  const hours = Math.floor(micros / 3_600_000_000);
  const minutes = Math.floor((micros % 3_600_000_000) / 60_000_000);
  const seconds = `${(micros % 60_000_000) / 1_000_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
