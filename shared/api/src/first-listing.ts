/**
 * What a scan saw in the folder of a new volume, handed from target-controller to volume-controller on the BackupVolume (annotation
 * `mooring.io/first-listing`), so that the first sync of a thousand small volumes does not list each of them a second time. Pure.
 */
import type { ConfigInfo } from './config-stamp.ts';

/** A volume's folder as one listing shows it. */
export interface VolumeListing {
  readonly backups: readonly (ConfigInfo & { readonly name: string })[];
  readonly configEtag?: string | undefined;
  /** Of `volume.cfg`, milliseconds since 1970. */
  readonly configMtimeMs?: number | undefined;
}

/** Above, a LIST of its own is nothing beside the volume's other requests, and the annotation would be a burden (about 120 bytes a backup). */
const MAX_BACKUPS = 4;

/**
 * How long a listing may be used instead of a new one, milliseconds. What changed since the scan differs from `mooring.io/fingerprint`, so the
 * next scan finds it in any case; this only keeps a controller that was away for long from starting with old facts.
 */
const VALID_MS = 60_000;

/** The annotation's value, `{"atMs":…,"configMtimeMs":…,"backups":[{"name":…}]}`; undefined for a volume with too many backups. */
export function encodeFirstListing(listing: VolumeListing, nowMs: number): string | undefined {
  if (listing.backups.length > MAX_BACKUPS || listing.configMtimeMs === undefined) return undefined;
  const { backups, configEtag, configMtimeMs } = listing;
  return JSON.stringify({ atMs: nowMs, configEtag, configMtimeMs, backups });
}

/** The listing of `encodeFirstListing`; undefined when it is too old, from a clock far ahead, or nothing that we wrote. */
export function decodeFirstListing(text: string | undefined, nowMs: number): VolumeListing | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isHandedListing(value) || Math.abs(nowMs - value.atMs) > VALID_MS) return undefined;
  return value;
}

function isHandedListing(value: unknown): value is VolumeListing & { readonly atMs: number } {
  if (!isRecord(value)) return false;
  const { atMs, configMtimeMs, configEtag, backups } = value;
  return (
    typeof atMs === 'number' &&
    typeof configMtimeMs === 'number' &&
    isEtag(configEtag) &&
    Array.isArray(backups) &&
    backups.every(isListedBackup)
  );
}

function isListedBackup(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { name, etag, mtimeMs, size } = value;
  return typeof name === 'string' && isEtag(etag) && typeof mtimeMs === 'number' && typeof size === 'number';
}

function isEtag(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
