import {
  conditionTypes,
  findCondition,
  isReason,
  reasonKind,
  secondTime,
  withCondition,
  type Condition,
  type ConditionList,
  type Reason,
} from '@mooring/api';
import { ConnectionError, LeaseLost, type ErrorKind } from './errors.ts';
import type { EventNote } from './events.ts';
import { errorFacts, type Outcome } from './outcome.ts';
import { stableMessage } from './stable-message.ts';

/** The state that a pass reached, in the words of its condition. */
export interface Finding {
  readonly reason: Reason;
  /** One stable sentence: the same state gives the same text. */
  readonly message: string;
}

/** How a pass ended: it made the object's world true, it waits for something that is nobody's fault, or it failed. */
export type Pass =
  | { readonly done: Finding; readonly requeueAfterMs?: number | undefined }
  | { readonly waiting: Finding; readonly requeueAfterMs?: number | undefined }
  | { readonly error: unknown };

/** What `settle` decides from. */
export interface SettleInput {
  readonly pass: Pass;
  /** The status as it was read. */
  readonly conditions: ConditionList;
  readonly observedGeneration?: number | null | undefined;
  /** `metadata.generation` as it was read. */
  readonly generation?: number | undefined;
  /** RFC 3339, seconds. */
  readonly nowIso: string;
  /** The pass's signal: when it has aborted, whatever was thrown is its echo. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of the pass. */
export type Settled = 'done' | 'waiting' | ErrorKind | 'aborted' | 'error';

/** What an outcome means to the world. Write `conditions` and `observedGeneration` into the status, record `event`, return `outcome`. */
export interface Verdict {
  /** The same array as given when nothing changed. */
  readonly conditions: Condition[];
  /** Undefined: leave it as it is (absent). */
  readonly observedGeneration: number | undefined;
  /** Only for a new failure (Ready's status or reason changed) and for the recovery from one: thousands of objects come up well at once. */
  readonly event: EventNote | undefined;
  readonly outcome: Outcome;
  readonly level: 'debug' | 'warn' | 'error';
  /** Label of a metric. */
  readonly result: Settled;
}

/**
 * Turns the end of a pass into the world; nobody else writes `Ready`. Pure.
 *
 * | what happened | Ready | observedGeneration | requeue | event, on change | log |
 * |---|---|---|---|---|---|
 * | done | True | set | as asked | Normal, on recovery | debug |
 * | waiting | False | set | as asked | none: ten thousand objects may wait for one target | debug |
 * | stalled, corrupt (the user must act) | False | set | backoff: stores and Secrets are put right without a word to us | Warning | warn |
 * | transient | False | kept | backoff, Retry-After | Warning | warn |
 * | conflict, aborted, lease lost | kept | kept | backoff | none | debug |
 * | anything else (a defect) | False `ReconcileFailed` | kept | backoff | Warning | error |
 */
export function settle(input: SettleInput): Verdict {
  const { pass } = input;
  if ('error' in pass) return settleError(input, pass.error);
  const isDone = 'done' in pass;
  const finding = isDone ? pass.done : pass.waiting;
  const outcome: Outcome = { result: 'done', requeueAfterMs: pass.requeueAfterMs };
  const verdict = withReady(input, { status: isDone ? 'True' : 'False', finding, isObserved: true });
  return { ...verdict, outcome, level: 'debug', result: isDone ? 'done' : 'waiting' };
}

/** An object as far as a pass over it is settled. */
interface Settleable {
  readonly metadata: { readonly generation?: number | undefined };
  readonly status?: Partial<Pick<SettleInput, 'conditions' | 'observedGeneration'>> | undefined;
}

/** {@link settle} for a pass over `object`, as it was read. */
export function settleObject(
  { metadata, status }: Settleable,
  pass: Pass,
  /** Wall clock, milliseconds since 1970, and the pass's signal. */
  { nowMs, signal }: { readonly nowMs: number; readonly signal?: AbortSignal | undefined },
): Verdict {
  return settle({
    pass,
    conditions: status?.conditions,
    observedGeneration: status?.observedGeneration,
    generation: metadata.generation,
    nowIso: secondTime(nowMs),
    signal,
  });
}

function settleError(input: SettleInput, error: unknown): Verdict {
  const outcome: Outcome = { result: 'retry', error };
  const { kind, reason } = errorFacts(error);
  if (kind === 'conflict' || isAborted(error, input.signal)) {
    const result = kind === 'conflict' ? kind : 'aborted';
    return { ...unchanged(input), outcome, level: 'debug', result };
  }
  const finding = { reason: conditionReason(error, kind, reason), message: stableMessage(error) };
  const isObserved = kind === 'stalled' || kind === 'corrupt';
  const verdict = withReady(input, { status: 'False', finding, isObserved });
  return { ...verdict, outcome, level: kind === undefined ? 'error' : 'warn', result: kind ?? 'error' };
}

/** Failures of the API server are all one reason: its own (`NotFound`, `Unreachable`) would read as if the store were meant. */
function conditionReason(error: unknown, kind: ErrorKind | undefined, reason: string | undefined): Reason {
  const isKubernetes = error instanceof Error && (error.name === 'ApiError' || error.name === 'ConnectionError');
  return kind === undefined || isKubernetes || !isReason(reason) ? 'ReconcileFailed' : reason;
}

function isAborted(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted === true || error instanceof LeaseLost) return true;
  return error instanceof ConnectionError && error.reason === 'Aborted';
}

interface Ready {
  readonly status: 'True' | 'False';
  readonly finding: Finding;
  readonly isObserved: boolean;
}

function withReady(input: SettleInput, ready: Ready): Pick<Verdict, 'conditions' | 'observedGeneration' | 'event'> {
  const { status, finding, isObserved } = ready;
  const old = findCondition(input.conditions, conditionTypes.Ready);
  const isNews =
    'error' in input.pass
      ? old?.status !== 'False' || old.reason !== finding.reason
      : status === 'True' && isFailure(old);
  const type = status === 'True' ? 'Normal' : 'Warning';
  return {
    conditions: withCondition(input.conditions, { type: conditionTypes.Ready, status, ...finding }, input.nowIso),
    observedGeneration: (isObserved ? input.generation : input.observedGeneration) ?? undefined,
    event: isNews ? { type, reason: finding.reason, message: finding.message } : undefined,
  };
}

/** True for `Ready=False` that is no mere waiting. */
function isFailure(ready: Partial<Condition> | undefined): boolean {
  return ready?.status === 'False' && reasonKind(ready.reason) !== 'waiting';
}

function unchanged(input: SettleInput): Pick<Verdict, 'conditions' | 'observedGeneration' | 'event'> {
  const conditions = (input.conditions ?? []) as Condition[];
  return { conditions, observedGeneration: input.observedGeneration ?? undefined, event: undefined };
}
