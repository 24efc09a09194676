/** Reading and changing `status.conditions` without ever touching the given list. */
import type { ConditionType, Reason } from './reasons.ts';
import type { Condition } from './resource.ts';

/** A condition as the code that decides knows it; the times are added by {@link withCondition}. */
export interface ConditionInput extends Pick<Condition, 'status' | 'message'> {
  readonly type: ConditionType;
  /** Empty where Longhorn leaves it so: `Unavailable=False`. */
  readonly reason: Reason | '';
}

/** What a status may hold: a Condition as its schema types it (every member optional), in a list, null or absent. */
export type ConditionList = readonly Readonly<Partial<Condition>>[] | null | undefined;

/** The condition of that type, or undefined. */
export function findCondition(list: ConditionList, type: ConditionType): Readonly<Partial<Condition>> | undefined {
  return list?.find((condition) => condition.type === type);
}

/** Whether the condition of that type has status `True`. */
export function isConditionTrue(list: ConditionList, type: ConditionType): boolean {
  return findCondition(list, type)?.status === 'True';
}

/**
 * `list` with `input` in place of the condition of its type (appended when new). `lastTransitionTime` becomes `nowIso`
 * (RFC 3339) only when `status` changes; when nothing at all changes, the SAME array is returned, so that
 * `before === after` means that there is nothing to write. Idempotent.
 */
export function withCondition(list: ConditionList, input: ConditionInput, nowIso: string): Condition[] {
  const old = findCondition(list, input.type);
  if (list && old && isSame(old, input)) return list as Condition[];
  const next: Condition = {
    type: input.type,
    status: input.status,
    lastProbeTime: '',
    lastTransitionTime: (old?.status === input.status && old.lastTransitionTime) || nowIso,
    reason: input.reason,
    message: input.message,
  };
  const others = (list ?? []) as readonly Condition[];
  return old ? others.map((condition) => (condition === old ? next : condition)) : [...others, next];
}

/** `list` without the condition of that type; the SAME array when there is none. */
export function withoutCondition(list: ConditionList, type: ConditionType): Condition[] {
  const conditions = (list ?? []) as Condition[];
  return findCondition(list, type) ? conditions.filter((condition) => condition.type !== type) : conditions;
}

function isSame(old: Readonly<Partial<Condition>>, input: ConditionInput): boolean {
  return old.status === input.status && old.reason === input.reason && old.message === input.message;
}
