/** When a sync is asked for, and the times that ask for it (design.md §4). */

/** The members that decide, common to BackupTarget, BackupVolume, Backup, BackupBackingImage and SystemBackup. */
export interface SyncState {
  spec: { syncRequestedAt?: string | null };
  status?: { lastSyncedAt?: string | null; observedSyncRequestedAt?: string | null };
}

/**
 * Whether a sync is asked for: it never ran (`lastSyncedAt` empty), or `spec.syncRequestedAt` is another value than the
 * one read when the last sync began. Values are compared as text, never as times: whoever wrote it, whatever its clock.
 */
export function isAskedToSync(object: SyncState): boolean {
  if (!object.status?.lastSyncedAt) return true;
  const requested = object.spec.syncRequestedAt;
  return Boolean(requested) && requested !== object.status.observedSyncRequestedAt;
}

/**
 * `nowMs` (Unix milliseconds) as RFC 3339 with microseconds, e.g. `2026-08-21T10:00:00.123000Z`, and strictly later
 * than `previous` (RFC 3339, any zone and precision): where the clock has not moved past it, `previous` plus 1 µs.
 * Two requests in one second therefore never collapse into one, as they do in Longhorn.
 */
export function microTime(nowMs: number, previous?: string | null): string {
  const now = BigInt(Math.floor(nowMs)) * 1000n;
  const last = previous ? parseMicros(previous) : undefined;
  return formatMicros(last === undefined || now > last ? now : last + 1n);
}

/** `nowMs` (Unix milliseconds) as RFC 3339 with seconds, UTC: the form of Longhorn's other times. */
export function secondTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/;

function parseMicros(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [, date = '', time = '', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  const digits = fraction.padEnd(7, '0');
  const roundUp = /[1-9]/.test(digits.slice(6)) ? 1n : 0n;
  return BigInt(ms) * 1000n + BigInt(digits.slice(0, 6)) + roundUp;
}

function formatMicros(micros: bigint): string {
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}
