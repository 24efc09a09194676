/** Reading raw objects without trusting their shape: a member of the wrong type reads as absent. */
import type { RawObject } from './review.ts';

/** `spec.<field>` as text; empty when absent, null or no text. */
export function specText(object: RawObject | undefined, field: string): string {
  const value = object?.spec?.[field];
  return typeof value === 'string' ? value : '';
}

/** `spec.<field>` as a number, or undefined. */
export function specNumber(object: RawObject | undefined, field: string): number | undefined {
  const value = object?.spec?.[field];
  return typeof value === 'number' ? value : undefined;
}

/** `spec.<field>` as a map of texts; empty when absent, null or no object. Members that are no text are left out. */
export function specMap(object: RawObject | undefined, field: string): Record<string, string> {
  const value = object?.spec?.[field];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(entries);
}

/** Value of a label; empty when absent. */
export function labelOf(object: RawObject | undefined, key: string): string {
  return object?.metadata.labels?.[key] ?? '';
}

/** `metadata.name`; empty while only `generateName` is set. */
export function nameOf(object: RawObject | undefined): string {
  return object?.metadata.name ?? '';
}

/** Whether the object is being deleted; then no finalizer is added and no rule applies. */
export function isDeleting(object: RawObject | undefined): boolean {
  return Boolean(object?.metadata.deletionTimestamp);
}

/** Whether the object is outside the object namespace, where nobody looks at our kinds. */
export function isElsewhere(object: RawObject, facts: { objectNamespace: string }): boolean {
  const namespace = object.metadata.namespace;
  return namespace !== undefined && namespace !== facts.objectNamespace;
}
