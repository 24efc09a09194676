/** Rules that hold for every kind: the namespace and the name. */
import type { Denial, Review } from '../review.ts';
import { nameOf } from '../raw-object.ts';
import { forbidden, invalid } from './verdict.ts';

/** Longhorn's names: two characters or more. Stricter than an object name only at the beginning, laxer about `_`. */
const LONGHORN_NAME = /^[a-z0-9][a-z0-9_.-]+$/;

/** Our kinds exist in one namespace only; anywhere else nobody would ever look at them. */
export function namespaceDenial({ kind, object, facts }: Review): Denial {
  const namespace = object.metadata.namespace;
  const message = `failed to create ${kind} '${nameOf(object)}': objects of this kind are not used in namespace ${namespace}`;
  return forbidden('metadata.namespace', message, `create it in namespace ${facts.objectNamespace}`);
}

/** `invalid name X` unless it is a name that Longhorn accepts. A name still to be generated is not judged. */
export function nameDenials(name: string, field = 'metadata.name'): Denial[] {
  if (name === '' || LONGHORN_NAME.test(name)) return [];
  const cure = 'use two or more of a-z 0-9 - . with a letter or digit first';
  return [invalid(field, `invalid name ${name}`, cure)];
}
