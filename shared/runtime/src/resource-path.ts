import type { ResourceType } from '@mooring/api';

/** Names one object, or (without `name`) a collection. `namespace` is left out for cluster-wide types and collections over all namespaces. */
export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** `status`, `token`, … */
  readonly subresource?: string | undefined;
}

/** The API path of an object or a collection, e.g. `/apis/longhorn.io/v1beta2/namespaces/ns/backups/b/status`. */
export function resourcePath(type: ResourceType, ref: ObjectRef = {}): string {
  const parts = type.group === '' ? ['', 'api', type.version] : ['', 'apis', type.group, type.version];
  if (type.namespaced && ref.namespace !== undefined) parts.push('namespaces', encodeURIComponent(ref.namespace));
  parts.push(type.plural);
  if (ref.name !== undefined) parts.push(encodeURIComponent(ref.name));
  if (ref.subresource !== undefined) parts.push(ref.subresource);
  return parts.join('/');
}

/** `group/version`, or `version` for the core group: the `apiVersion` of the type's objects. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** A query string with its `?`, or the empty string; undefined values are left out. */
export function queryString(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) params.set(key, String(value));
  }
  return params.size === 0 ? '' : `?${params.toString()}`;
}
