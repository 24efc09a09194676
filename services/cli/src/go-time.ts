/** A time as Go's RFC 3339 with nanoseconds, UTC: trailing zeros of the fraction are left out. */
export function formatGoTime(unixMs: number): string {
  const micros = Math.round((unixMs % 1000) * 1000);
  const fraction = String(micros).padStart(6, '0').replace(/0+$/, '');
  const seconds = new Date(Math.floor(unixMs / 1000) * 1000).toISOString().slice(0, 19);
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}
