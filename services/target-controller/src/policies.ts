/**
 * When a target is synced, when a failed one is tried again, and which of two targets with one store is synced.
 * Pure: no clock, no I/O. Every rule has its table in policies.test.ts.
 */
import { createHash } from 'node:crypto';
import { ANNOTATION_CONFIRM_EMPTY, isAskedToSync, parseDestination, parseDurationMs, storeKey } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';

/** What identifies one state of a Secret, from its metadata alone; undefined when the Secret does not exist. */
export interface SecretVersion {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Why a sync is due. */
export type SyncCause = 'requested' | 'never-synced' | 'inputs-changed' | 'poll' | 'clock-jumped';

/** The gate's answer. `nextPollInMs` is absent when the target is not polled. */
export type GateVerdict =
  { readonly due: true; readonly cause: SyncCause } | { readonly due: false; readonly nextPollInMs?: number };

/** Poll interval of a target that says nothing valid: Longhorn's default, 5 minutes. */
const DEFAULT_POLL_INTERVAL_MS = 300_000;

/** First pause after a failed sync. The store's own retries (seconds) come before it. */
const FIRST_RETRY_MS = 5_000;

/** Bounds of the cap on the pause: a target polled every second is not tried more than twice a minute while it is down. */
const RETRY_CAP_MIN_MS = 30_000;
const RETRY_CAP_MAX_MS = 300_000;

/**
 * How long a transient failure's condition stands before another transient failure replaces it: an outage that shows itself
 * in changing ways (refused, then timeout, then 503) costs at most one write per half hour more.
 */
export const TRANSIENT_MESSAGE_HOLD_MS = 1_800_000;

/**
 * Fingerprint of everything outside the store that a sync depends on: `<16 hex of the store's URL>.<16 hex of URL, Secret name and
 * Secret version>`. The first half alone says whether two syncs were of the same URL (NFS options and letter case of the host
 * do not count). Kept in `status.observedInputs`; while a sync has not finished, only the first half and the dot stand there.
 */
export function describeInputs(target: BackupTarget, secret: SecretVersion | undefined): string {
  const { backupTargetURL = '', credentialSecret = '' } = target.spec;
  const version = secret === undefined ? '' : `${secret.uid}/${secret.resourceVersion}`;
  return urlHalf(backupTargetURL) + hash16([backupTargetURL, credentialSecret, version].join('\n'));
}

/** The first half of {@link describeInputs} with its dot: `<16 hex>.`. */
export function urlHalf(url: string): string {
  return `${hash16(comparableUrl(url))}.`;
}

/** Whether `status.observedInputs` (and with it storeID and urlSince) is about the URL that the spec has now; true also when none was recorded. */
export function isSameUrl(target: BackupTarget): boolean {
  const observed = target.status?.observedInputs ?? '';
  return observed === '' || observed.startsWith(urlHalf(target.spec.backupTargetURL ?? ''));
}

function comparableUrl(url: string): string {
  try {
    parseDestination(url);
    return storeKey({ url });
  } catch {
    // A malformed URL names no store; its text is all there is to compare.
    return url;
  }
}

/** Milliseconds between polls; 0 means never. */
export function pollIntervalMs(target: BackupTarget): number {
  return parseDurationMs(target.spec.pollInterval ?? '') ?? DEFAULT_POLL_INTERVAL_MS;
}

/**
 * Whether `target` is due: asked for (whoever wrote it, whatever their clock), never synced, other inputs than at the last sync, or
 * the poll interval has passed. A last sync in the future means that a clock jumped: due at once, so that no one waits for hours.
 */
export function judgeGate(target: BackupTarget, inputs: string, nowMs: number): GateVerdict {
  const lastSyncedAt = target.status?.lastSyncedAt;
  if (lastSyncedAt === undefined || lastSyncedAt === null || lastSyncedAt === '')
    return { due: true, cause: 'never-synced' };
  if (isAskedToSync(target)) return { due: true, cause: 'requested' };
  if (target.status?.observedInputs !== inputs) return { due: true, cause: 'inputs-changed' };
  const intervalMs = pollIntervalMs(target);
  if (intervalMs === 0) return { due: false };
  const elapsedMs = nowMs - Date.parse(lastSyncedAt);
  if (!(elapsedMs >= 0)) return { due: true, cause: 'clock-jumped' };
  if (elapsedMs >= intervalMs) return { due: true, cause: 'poll' };
  return { due: false, nextPollInMs: intervalMs - elapsedMs };
}

/**
 * What a failed sync was asked with. While it is the same, tries wait for the backoff; as soon as it differs (another request, URL,
 * Secret or confirmation), the next try is at once.
 */
export function attemptKey(target: BackupTarget, inputs: string): string {
  const confirmation = target.metadata.annotations?.[ANNOTATION_CONFIRM_EMPTY] ?? '';
  return [target.metadata.uid, inputs, target.spec.syncRequestedAt ?? '', confirmation].join('\n');
}

/**
 * Pause before try number `failures` + 1 (`failures` ≥ 1): 5 s doubling to a cap, never given up. The cap is the poll interval within
 * 30 s to 5 minutes. `random` in [0, 1) takes up to a tenth off, so that many targets do not come back in step.
 */
export function retryDelayMs(target: BackupTarget, failures: number, random: number): number {
  const intervalMs = pollIntervalMs(target);
  const capMs =
    intervalMs === 0 ? RETRY_CAP_MAX_MS : Math.min(Math.max(intervalMs, RETRY_CAP_MIN_MS), RETRY_CAP_MAX_MS);
  const delayMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16), capMs);
  return Math.round(delayMs * (1 - random / 10));
}

/** A target as far as its claim on a store goes. */
export interface StoreClaim {
  readonly name: string;
  /** `status.urlSince`, undefined when the present URL was not yet seen by a sync. */
  readonly urlSince?: string | undefined;
  readonly creationTimestamp: string;
}

/** The claim of a target; a deleted one and one without URL have none. */
export function claimOf(target: BackupTarget): StoreClaim | undefined {
  if (target.metadata.deletionTimestamp || !target.spec.backupTargetURL) return undefined;
  const urlSince = isSameUrl(target) ? (target.status?.urlSince ?? undefined) : undefined;
  return { name: target.metadata.name, urlSince, creationTimestamp: target.metadata.creationTimestamp ?? '' };
}

/**
 * Which of `others` (claims on the same store) has the better right than `own`: URL since earlier, then created earlier, then name.
 * A claim without `urlSince` is later than any with one: losers never get one, so an order once settled stays. Undefined: `own` wins.
 */
export function findWinner(own: StoreClaim, others: readonly StoreClaim[]): StoreClaim | undefined {
  const [first] = [...others].sort(compareClaims);
  return first !== undefined && compareClaims(first, own) < 0 ? first : undefined;
}

function compareClaims(a: StoreClaim, b: StoreClaim): number {
  return (
    compareTimes(a.urlSince, b.urlSince) ||
    compareTimes(a.creationTimestamp, b.creationTimestamp) ||
    (a.name < b.name ? -1 : 1)
  );
}

function compareTimes(a: string | undefined, b: string | undefined): number {
  const [left, right] = [timeOrLast(a), timeOrLast(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function timeOrLast(text: string | undefined): number {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? Number.MAX_SAFE_INTEGER : ms;
}

function hash16(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
}
