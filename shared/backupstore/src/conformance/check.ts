import type { ObjectStore } from '../store.ts';

/** What one check of the suite runs with. */
export interface CheckContext {
  readonly store: ObjectStore;
  /** A folder of its own, with its trailing `/`; empty at the start, removed afterwards. */
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One guarantee of the contract. */
export interface Check {
  /** A sentence that says what holds. */
  readonly name: string;
  /** Only for stores that state this capability. */
  readonly needs?: 'conditionalPut' | 'conditionalReplace' | 'flatList' | 'etags';
  /** Many requests: left out when a user's own store is probed. */
  readonly isLong?: boolean;
  /** Throws {@link CheckFailed} when the guarantee does not hold, or the store's error. */
  readonly run: (context: CheckContext) => Promise<void>;
}

/** A guarantee does not hold; the message says what was expected and what came. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/** Throws {@link CheckFailed} unless both are equal, compared as JSON. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new CheckFailed(`${what}: expected ${right}, got ${left}`);
}

/** Throws {@link CheckFailed} unless `condition`. */
export function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new CheckFailed(what);
}
