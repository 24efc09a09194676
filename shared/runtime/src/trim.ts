import type { CachedObject } from './informer.ts';

/**
 * A copy without `metadata.managedFields` (half of a typical object), with `apiVersion` and `kind` set: items of lists lack them, and
 * PartialObjectMetadata says another kind. Rebuilt rather than `delete`d: that would turn every object into V8's larger dictionary form.
 */
export function trimObject<T extends CachedObject>(raw: T, apiVersion: string, kind: string): T {
  const { managedFields: _dropped, ...metadata } = raw.metadata as T['metadata'] & { managedFields?: unknown };
  return { ...raw, apiVersion, kind, metadata };
}
