/** Changes to a draft: a copy of the raw object that the defaults may write to. All are idempotent. */
import { ANNOTATION_TRACEPARENT, API_VERSION, FINALIZER } from '../labels.ts';
import type { OwnerReference } from '../resource.ts';
import type { RawObject } from '../review.ts';

/** Adds our finalizer behind those that are there. */
export function addFinalizer(draft: RawObject): void {
  const finalizers = draft.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) draft.metadata.finalizers = [...finalizers, FINALIZER];
}

/** Sets a label; an empty value removes nothing and sets nothing. */
export function setLabel(draft: RawObject, key: string, value: string): void {
  if (value !== '') draft.metadata.labels = { ...draft.metadata.labels, [key]: value };
}

/** Sets `spec.<field>`, with its parent when that is absent. */
export function setSpec(draft: RawObject, field: string, value: unknown): void {
  draft.spec = { ...draft.spec, [field]: value };
}

/** Sets `spec.<field>` when it is absent, null or empty text. */
export function defaultSpec(draft: RawObject, field: string, value: unknown): void {
  const current = draft.spec?.[field];
  if (current === undefined || current === null || current === '') setSpec(draft, field, value);
}

/** Adds an owner reference without controller flags, as Longhorn does; nothing happens without a UID. */
export function addOwner(draft: RawObject, owner: { kind: string; name: string; uid: string | undefined }): void {
  const owners: OwnerReference[] = draft.metadata.ownerReferences ?? [];
  if (!owner.uid || owners.some((other) => other.uid === owner.uid)) return;
  const reference = { apiVersion: API_VERSION, kind: owner.kind, name: owner.name, uid: owner.uid };
  draft.metadata.ownerReferences = [...owners, reference];
}

/** Records the trace that the next reconcile continues. */
export function setTraceparent(draft: RawObject, traceparent: string): void {
  draft.metadata.annotations = { ...draft.metadata.annotations, [ANNOTATION_TRACEPARENT]: traceparent };
}
