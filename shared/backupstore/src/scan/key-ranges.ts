import { compareKeys, parseVolumeKey, VOLUMES_PREFIX } from '../layout.ts';
import { skippedFolderOf } from './volume-builder.ts';

/** Keys after `after`, up to and including `end` (to the last key when absent). A boundary may lie inside a volume. */
export interface KeyRange {
  readonly after: string;
  readonly end?: string;
  /** Keys expected in it, for the size of its first page; absent when unknown. */
  readonly expectedKeys?: number;
  /** LISTs expected; a range that needs far more is split again. */
  readonly expectedLists?: number;
  /** It begins at a place chosen blindly, where the LIST before it would have gone on by itself. */
  readonly isCut?: boolean;
}

/** All volumes. */
export const ALL_VOLUMES: KeyRange = { after: VOLUMES_PREFIX };

// Shards are hash prefixes: 16 bits, uniform.
const POSITIONS = 0x10000;

/**
 * The key after which to go on when a page ended at `lastKey`: behind the rest of `blocks/`, `locks/` or `BackupFiles/`
 * when it ended there (nothing in them is needed), else `lastKey` itself.
 */
export function nextStart(lastKey: string): string {
  const parsed = parseVolumeKey(lastKey);
  const skipped = parsed === undefined ? undefined : skippedFolderOf(parsed.rest);
  if (parsed === undefined || skipped === undefined) return lastKey;
  // '0' follows '/', so `blocks0` comes after every key in `blocks/` and before `locks/`.
  return `${parsed.folder}${skipped.slice(0, -1)}0`;
}

/** Whether `key` belongs to the range. */
export function isWithin(key: string, range: KeyRange): boolean {
  return range.end === undefined || compareKeys(key, range.end) <= 0;
}

/** Cuts what is left of a range into `count` parts of equal hash space; fewer when it is too small. */
export function splitEvenly(range: KeyRange, count: number): KeyRange[] {
  const from = positionOf(range.after);
  const to = range.end === undefined ? POSITIONS : positionOf(range.end);
  const bounds = new Set<string>();
  for (let part = 1; part < count; part++) {
    const bound = boundaryAt(Math.floor(from + ((to - from) * part) / count));
    const isInside =
      compareKeys(bound, range.after) > 0 && (range.end === undefined || compareKeys(bound, range.end) < 0);
    if (isInside) bounds.add(bound);
  }
  return rangesBetween(range, [...bounds]);
}

/** The share of the hash space that lies in a range, 0 to 1. */
export function shareOf(range: KeyRange): number {
  const to = range.end === undefined ? POSITIONS : positionOf(range.end);
  return Math.max(0, to - positionOf(range.after)) / POSITIONS;
}

/** The consecutive ranges that `bounds` (increasing, inside `range`) cut it into. */
export function rangesBetween(range: KeyRange, bounds: readonly string[]): KeyRange[] {
  const starts = [range.after, ...bounds];
  return starts.map((after, index) => {
    const end = starts[index + 1] ?? range.end;
    return end === undefined ? { after } : { after, end };
  });
}

// `backupstore/volumes/ab/cd/…` → 0xabcd; a key that is no shard's counts by its bytes' place, at the nearest end.
function positionOf(key: string): number {
  const rest = key.slice(VOLUMES_PREFIX.length);
  const match = /^([0-9a-f]{2})(?:\/([0-9a-f]{2}))?/.exec(rest);
  if (match?.[1] !== undefined) return Number.parseInt(match[1] + (match[2] ?? '00'), 16);
  return rest > 'f' ? POSITIONS : 0;
}

function boundaryAt(position: number): string {
  const hex = position.toString(16).padStart(4, '0');
  return `${VOLUMES_PREFIX}${hex.slice(0, 2)}/${hex.slice(2)}`;
}
