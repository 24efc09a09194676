import { kinds } from '@mooring/api';
import type { Facts, KindName, ResourceType, Review } from '@mooring/api';
import type { AdmissionRequest } from './admission-review.ts';

const RESOURCES: ReadonlyMap<string, ResourceType> = new Map(
  kinds.map(({ resource }) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]),
);

/**
 * What the rules get for a request, or in words why they cannot judge it.
 *
 * The resource and the object's own kind are both checked: the rules dispatch by kind, and a request that was made by
 * hand can say one thing here and another there.
 */
export function reviewOf(request: AdmissionRequest, facts: Facts): { review: Review } | { problem: string } {
  const { group, version, resource } = request.resource;
  const type = RESOURCES.get(`${group}/${version}/${resource}`);
  if (type === undefined)
    return { problem: `resource '${resource}.${version}.${group}' is not one that Mooring reviews` };
  const object = request.operation === 'DELETE' ? request.oldObject : request.object;
  if (object?.kind !== type.kind || object.apiVersion !== `${group}/${version}`) {
    return { problem: `the object is not a ${type.kind} of ${group}/${version}, which ${resource} are` };
  }
  const old = request.operation === 'UPDATE' ? request.oldObject : undefined;
  return {
    review: { kind: type.kind as KindName, operation: request.operation, object, old, facts },
  };
}
