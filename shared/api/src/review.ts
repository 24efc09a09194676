/** What goes into the rules and what comes out of them. */
import type { Facts } from './facts.ts';
import type { KindName } from './kinds/index.ts';
import type { ObjectMeta } from './resource.ts';

/** What is done to the object. Status and other subresources are never reviewed. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** An object as it came in: any JSON that has metadata. Its spec is checked by the schema only after the defaults. */
export interface RawObject {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
  spec?: Record<string, unknown> | null;
  [member: string]: unknown;
}

/** One RFC 6902 operation as {@link applyDefaults} makes them: only `add` and `replace` (and `remove`, never of a parent). */
export interface JsonPatchOp {
  op: 'add' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

/**
 * One broken rule. `field` is a path like `spec.backupTargetURL`; `message` says what is wrong (with Longhorn's text
 * where it has one), `cure` what to do. Codes: 422 a value, 403 the operation itself, 409 try again later, 400 no object.
 * `needs: 'live-check'`: it rests on something that a cache may not have seen yet; ask the API server and run again.
 */
export interface Denial {
  field: string;
  message: string;
  cure: string;
  code: 400 | 403 | 409 | 422;
  needs?: 'live-check';
}

/** Outcome of the rules: allowed when `denials` is empty. Warnings are shown by kubectl and never deny. */
export interface Verdict {
  denials: Denial[];
  warnings: string[];
}

/** A review of one object. `object` is the new one (for DELETE: the one to be deleted), `old` the stored one of an UPDATE. */
export interface Review {
  kind: KindName;
  operation: Operation;
  object: RawObject;
  old?: RawObject | undefined;
  facts: Facts;
}
