/** Whether a deleted object may take its data in the store with it (design.md §5). Pure. */
import { ANNOTATION_STORE, ANNOTATION_TARGET_UID, LABEL_DELETE_CR_ONLY } from './labels.ts';
import type { ObjectMeta } from './resource.ts';

/** An object as far as it vouches for a deletion; undefined: it is not there. */
export type Witness =
  | { readonly metadata: { readonly uid?: string | undefined; readonly deletionTimestamp?: string | null | undefined } }
  | undefined;

/** What must hold, read from the API server for this very decision: a cache may not know yet that something is being deleted. */
export interface RemoteDataFacts {
  readonly metadata: ObjectMeta;
  /** Of the object. */
  readonly namespace: Witness;
  /** The CustomResourceDefinition of its kind. */
  readonly definition: Witness;
  /** The BackupTarget that it names. */
  readonly target: Witness;
  /** The owner beside the target (of a Backup its BackupVolume), where the object refers to one. */
  readonly owner?: { readonly uid: string; readonly found: Witness } | undefined;
}

/**
 * Why the data of a deleted object stay in the store, in plain words; undefined: a person asked for this one object, and they may be removed, if the
 * store is still the one in `mooring.io/store`. In doubt they stay: an object comes back with the next sync, bytes do not.
 */
export function whyDataStay(facts: RemoteDataFacts): string | undefined {
  if (facts.metadata.labels?.[LABEL_DELETE_CR_ONLY] === 'true') return `the label ${LABEL_DELETE_CR_ONLY} is set`;
  if (isLeaving(facts.namespace)) return 'its namespace is being deleted';
  if (isLeaving(facts.definition)) return 'its CustomResourceDefinition is being deleted';
  if (isLeaving(facts.target)) return 'its BackupTarget is deleted';
  return otherTarget(facts) ?? otherOwner(facts);
}

function otherTarget({ metadata, target }: RemoteDataFacts): string | undefined {
  const { [ANNOTATION_TARGET_UID]: uid, [ANNOTATION_STORE]: store } = metadata.annotations ?? {};
  if (!uid || !store) return 'it does not say which store it came from';
  const isSame = target?.metadata.uid === uid && isOwner(metadata, 'BackupTarget', target);
  return isSame ? undefined : 'its BackupTarget was made anew';
}

function otherOwner({ owner }: RemoteDataFacts): string | undefined {
  if (owner === undefined) return undefined;
  if (isLeaving(owner.found)) return 'its owner is deleted';
  return owner.found?.metadata.uid === owner.uid ? undefined : 'its owner was made anew';
}

function isLeaving(witness: Witness): boolean {
  return witness === undefined || Boolean(witness.metadata.deletionTimestamp);
}

/** True also for an object that has no owner of that kind. */
function isOwner({ ownerReferences }: ObjectMeta, kind: string, witness: Witness): boolean {
  const owners = (ownerReferences ?? []).filter((owner) => owner.kind === kind);
  return owners.length === 0 || owners.some(({ uid }) => uid === witness?.metadata.uid);
}
