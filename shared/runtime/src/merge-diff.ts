/** A plain JSON value. */
type Json = unknown;

/**
 * The JSON merge patch (RFC 7386) that makes `before` into `after`, or undefined when they are equal. Absent, undefined and null
 * are the same: a merge patch cannot store a null. Lists are replaced whole (see `replacesList`).
 */
export function mergeDiff(before: Json, after: Json): Json {
  if (isObject(before) && isObject(after)) return objectDiff(before, after);
  if (isEqual(before, after)) return undefined;
  return after ?? null;
}

/** True when a merge patch replaces a list: it MUST carry a resourceVersion then, or it drops what another writer added. */
export function replacesList(patch: Json): boolean {
  if (Array.isArray(patch)) return true;
  return isObject(patch) && Object.values(patch).some(replacesList);
}

function objectDiff(before: Record<string, Json>, after: Record<string, Json>): Json {
  const patch: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const change = mergeDiff(before[key] ?? undefined, after[key] ?? undefined);
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isEqual(a: Json, b: Json): boolean {
  if (a === b || (a ?? undefined) === (b ?? undefined)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  return objectDiff(a, b) === undefined;
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
