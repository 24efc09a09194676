/**
 * `settleTarget`: the one place that turns the outcome of a pass into `status` of a BackupTarget, and the events of a transition.
 * Pure; tables in status.test.ts. Nobody else decides conditions of a target.
 */
import {
  conditionTypes,
  doubtTypes,
  findCondition,
  isReason,
  reasonKind,
  secondTime,
  withCondition,
  withoutCondition,
} from '@mooring/api';
import type {
  BackupTarget,
  BackupTargetStatus,
  Condition,
  ConditionInput,
  ConditionType,
  DoubtType,
  Reason,
} from '@mooring/api';
import type { EventNote } from '@mooring/runtime';
import { isSameUrl, TRANSIENT_MESSAGE_HOLD_MS, urlHalf } from './policies.ts';

/** What the store said about its marker and itself. */
export interface StoreIdentity {
  /** `''` for a store without marker. */
  readonly storeID: string;
  /** Why the marker could not be written; undefined when it is there. */
  readonly markerError?: string | undefined;
}

/** How a pass over a target ended. Messages MUST be stable: no ids, times or addresses that change from try to try. */
export type SyncOutcome =
  /** The objects are what the store holds. */
  | {
      readonly kind: 'synced';
      readonly identity: StoreIdentity;
      readonly inputs: string;
      /** When it began. RFC 3339 with seconds, as every time but those of requests. */
      readonly syncedAt: string;
      /** `spec.syncRequestedAt` as it was read then: a request made meanwhile asks for another sync. */
      readonly requestedAt: string | null;
    }
  /** The store answers; objects may be created now. Written before the first of them. */
  | { readonly kind: 'established'; readonly identity: StoreIdentity }
  /** The store answers, but is not what it was. Nothing was changed. */
  | { readonly kind: 'doubted'; readonly reason: DoubtType; readonly message: string }
  /** The store answers, but the objects could not be made what they should be. */
  | { readonly kind: 'incomplete'; readonly reason: Reason; readonly message: string }
  /** The store cannot be used. `unavailable` is the text of Longhorn's own condition. */
  | { readonly kind: 'failed'; readonly reason: Reason; readonly message: string; readonly unavailable: string }
  /** Another target has this store. */
  | { readonly kind: 'duplicate'; readonly message: string }
  /** No URL. */
  | { readonly kind: 'no-url'; readonly inputs: string };

/** What `settleTarget` gets besides the target as it stands. */
export interface SettleContext {
  readonly nowMs: number;
  /** When this process last wrote a failure of this target, milliseconds; undefined when it did not. */
  readonly failureWrittenAtMs?: number | undefined;
}

/** The status after `outcome`; equal to the present one where nothing changed, so that no request is sent. */
export function settleTarget(target: BackupTarget, outcome: SyncOutcome, context: SettleContext): BackupTargetStatus {
  if (isHeldBack(target, outcome, context)) return target.status ?? {};
  const now = secondTime(context.nowMs);
  const status = withUrl(target, outcome, now);
  const available = availableAfter(status, outcome);
  return {
    ...status,
    ...fieldsOf(outcome),
    available,
    conditions: conditionsAfter(status, outcome, { now, isFirst: isFirstSync(target) }),
    observedGeneration: target.metadata.generation ?? 0,
  };
}

/**
 * A transient failure after another one keeps the condition for {@link TRANSIENT_MESSAGE_HOLD_MS}, though it reads differently: an
 * hour of a store that fails in changing ways costs at most three writes.
 */
function isHeldBack(target: BackupTarget, outcome: SyncOutcome, context: SettleContext): boolean {
  if (outcome.kind !== 'failed' && outcome.kind !== 'incomplete') return false;
  const { nowMs, failureWrittenAtMs } = context;
  const isRecent = failureWrittenAtMs !== undefined && nowMs - failureWrittenAtMs < TRANSIENT_MESSAGE_HOLD_MS;
  const ready = conditionOf(target.status, conditionTypes.Ready);
  const isAfterFailure = ready?.status === 'False' && isTransient(ready.reason) && isTransient(outcome.reason);
  return isRecent && isAfterFailure && saysTheRest(target, outcome);
}

/** Whether the status is about this very spec, and tells the truth about availability. */
function saysTheRest(target: BackupTarget, outcome: SyncOutcome): boolean {
  if (!isSameUrl(target) || target.status?.observedGeneration !== target.metadata.generation) return false;
  return outcome.kind !== 'failed' || target.status?.available === false;
}

function isTransient(reason: string | undefined): boolean {
  return reasonKind(reason) === 'transient';
}

/** Starts the URL's record anew when the URL changed: what the old store was called must not vouch for the new one. */
function withUrl(target: BackupTarget, outcome: SyncOutcome, now: string): BackupTargetStatus {
  const status = target.status ?? {};
  if (outcome.kind === 'duplicate' || outcome.kind === 'no-url') return status;
  const half = urlHalf(target.spec.backupTargetURL ?? '');
  if (status.observedInputs?.startsWith(half) && status.urlSince) return status;
  const kept = isSameUrl(target) ? {} : { storeID: '' };
  return { ...status, ...kept, urlSince: now, observedInputs: half };
}

function fieldsOf(outcome: SyncOutcome): BackupTargetStatus {
  switch (outcome.kind) {
    case 'synced':
      return {
        storeID: outcome.identity.storeID,
        lastSyncedAt: outcome.syncedAt,
        observedInputs: outcome.inputs,
        observedSyncRequestedAt: outcome.requestedAt,
      };
    case 'established':
      return { storeID: outcome.identity.storeID };
    case 'no-url':
      return { storeID: '', lastSyncedAt: null, urlSince: null, observedInputs: outcome.inputs };
    default:
      return {};
  }
}

function availableAfter(status: BackupTargetStatus, outcome: SyncOutcome): boolean {
  if (outcome.kind === 'incomplete') return status.available ?? true;
  return outcome.kind === 'synced' || outcome.kind === 'established' || outcome.kind === 'doubted';
}

/** Reasons of `Ready=False` that end with the first answer of a store. Any other failure stands until a sync has succeeded. */
const ENDED_BY_AN_ANSWER: readonly string[] = ['URLEmpty', 'DuplicateURL'];

/** Whether nothing of the URL was synced yet and no failure of that is told: only then does `Ready` say that a sync runs, which is a write. */
function isFirstSync(target: BackupTarget): boolean {
  if (target.status?.lastSyncedAt && isSameUrl(target)) return false;
  const ready = conditionOf(target.status, conditionTypes.Ready);
  return ready?.status !== 'False' || ENDED_BY_AN_ANSWER.includes(ready.reason ?? '');
}

function conditionsAfter(
  status: BackupTargetStatus,
  outcome: SyncOutcome,
  { now, isFirst }: { readonly now: string; readonly isFirst: boolean },
): Condition[] {
  const set = [readyAfter(outcome, isFirst), unavailableAfter(outcome)].filter((condition) => condition !== undefined);
  let conditions = (status.conditions ?? []) as Condition[];
  // These exist only while they hold.
  for (const type of doubtTypes) {
    if (outcome.kind === 'doubted' && outcome.reason === type) set.push(holds(type, outcome.message));
    else if (outcome.kind !== 'failed' && outcome.kind !== 'incomplete')
      conditions = withoutCondition(conditions, type);
  }
  if ('identity' in outcome) {
    const { markerError } = outcome.identity;
    if (markerError === undefined) conditions = withoutCondition(conditions, conditionTypes.StoreMarkerUnwritable);
    else set.push(holds(conditionTypes.StoreMarkerUnwritable, markerError));
  }
  for (const condition of set) conditions = withCondition(conditions, condition, now);
  return conditions;
}

/** A condition that is there while it holds; its reason says the same as its type. */
function holds(type: DoubtType | 'StoreMarkerUnwritable', message: string): ConditionInput {
  return { type, status: 'True', reason: type, message };
}

function readyAfter(outcome: SyncOutcome, isFirst: boolean): ConditionInput | undefined {
  const type = conditionTypes.Ready;
  switch (outcome.kind) {
    case 'synced':
      return { type, status: 'True', reason: 'Synced', message: 'the objects are what the store holds' };
    case 'established':
      return isFirst
        ? { type, status: 'False', reason: 'Syncing', message: 'the first sync of this store is running' }
        : undefined;
    case 'no-url':
      return {
        type,
        status: 'False',
        reason: 'URLEmpty',
        message: 'backup target URL is empty; set spec.backupTargetURL',
      };
    case 'duplicate':
      return { type, status: 'False', reason: 'DuplicateURL', message: outcome.message };
    default:
      return { type, status: 'False', reason: outcome.reason, message: outcome.message };
  }
}

/** Longhorn's own condition: `False` with empty reason and message while the store answers. */
function unavailableAfter(outcome: SyncOutcome): ConditionInput | undefined {
  const type = conditionTypes.Unavailable;
  switch (outcome.kind) {
    case 'failed':
      return { type, status: 'True', reason: 'Unavailable', message: outcome.unavailable };
    case 'duplicate':
      return { type, status: 'True', reason: 'Unavailable', message: outcome.message };
    case 'no-url':
      return { type, status: 'True', reason: 'Unavailable', message: 'backup target URL is empty' };
    case 'incomplete':
      return undefined;
    default:
      return { type, status: 'False', reason: '', message: '' };
  }
}

/** The events of a change: one when `Ready` changes its status or reason, one when the marker turns out unwritable. None for a repetition. */
export function eventsOf(before: BackupTargetStatus | undefined, after: BackupTargetStatus): EventNote[] {
  const [old, ready] = [conditionOf(before, conditionTypes.Ready), conditionOf(after, conditionTypes.Ready)];
  const events: EventNote[] = [];
  if (ready?.status === 'True' && old?.status !== 'True') {
    events.push({
      type: 'Normal',
      reason: 'Synced',
      message: 'the backup target answers and its objects are up to date',
    });
  }
  if (isNewFailure(old, ready)) events.push(warningOf(ready));
  const unwritable = conditionOf(after, conditionTypes.StoreMarkerUnwritable);
  if (unwritable && !conditionOf(before, conditionTypes.StoreMarkerUnwritable)) events.push(warningOf(unwritable));
  return events;
}

type ReadCondition = Readonly<Partial<Condition>> | undefined;

function isNewFailure(old: ReadCondition, ready: ReadCondition): ready is Readonly<Partial<Condition>> {
  // A target that was created without URL is no failure: every cluster has an empty `default` at first.
  if (old === undefined && ready?.reason === 'URLEmpty') return false;
  return ready?.status === 'False' && ready.reason !== old?.reason && reasonKind(ready.reason) !== 'waiting';
}

function warningOf({ reason, message = '' }: Readonly<Partial<Condition>>): EventNote {
  return { type: 'Warning', reason: isReason(reason) ? reason : 'ReconcileFailed', message };
}

function conditionOf(status: BackupTargetStatus | undefined, type: ConditionType): ReadCondition {
  return findCondition(status?.conditions, type);
}
