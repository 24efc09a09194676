/**
 * Defaults, labels and finalizers at admission. `mutate` is the whole meaning; `applyDefaults` is its difference to the
 * raw object as a JSON patch, so that fields which this version does not know survive.
 */
import jsonPatch from 'fast-json-patch';
import {
  defaultBackup,
  defaultBackupBackingImage,
  defaultBackupTarget,
  defaultBackupVolume,
  defaultSystemBackup,
} from './defaults/backup-kinds.ts';
import { setTraceparent } from './defaults/draft.ts';
import { defaultRecurringJob, defaultSnapshot, defaultVolume } from './defaults/volume-kinds.ts';
import type { Facts } from './facts.ts';
import type { KindName } from './kinds/index.ts';
import { isDeleting, isElsewhere } from './raw-object.ts';
import type { JsonPatchOp, Operation, RawObject, Review } from './review.ts';

/**
 * The JSON patch that completes an object: `add` for what is absent, parents first, empty when it is complete. Pure and
 * idempotent. A fact that is absent only leaves out the default that needs it. Nothing is done to an object that is
 * being deleted, on DELETE, or outside the object namespace.
 */
export function applyDefaults(review: Review): JsonPatchOp[] {
  return jsonPatch.compare(review.object, mutate(review)) as JsonPatchOp[];
}

/** `object` completed as admission would: for controllers, whose own writes are exempt from admission. Pure. */
export function withDefaults<T extends { kind: string }>(object: T, facts: Facts, operation: Operation = 'CREATE'): T {
  const raw = object as unknown as RawObject;
  return mutate({ kind: object.kind as KindName, operation, object: raw, facts }) as unknown as T;
}

/** The completed object as a new object; the given one is not touched. */
export function mutate(review: Review): RawObject {
  const { object, operation, facts } = review;
  const draft = structuredClone(object);
  if (operation === 'DELETE' || isDeleting(object) || isElsewhere(object, facts)) return draft;
  DEFAULTS[review.kind]?.(draft, operation, facts);
  if (facts.traceparent !== undefined && isSpecNew(review)) setTraceparent(draft, facts.traceparent);
  return draft;
}

type Default = (draft: RawObject, operation: Operation, facts: Facts) => void;

const DEFAULTS: Readonly<Record<KindName, Default | undefined>> = {
  BackupTarget: defaultBackupTarget,
  BackupVolume: defaultBackupVolume,
  Backup: defaultBackup,
  BackupBackingImage: defaultBackupBackingImage,
  SystemBackup: defaultSystemBackup,
  Volume: defaultVolume,
  Snapshot: defaultSnapshot,
  RecurringJob: defaultRecurringJob,
  Setting: undefined,
};

/** Whether the reconcile that follows is this request's: it creates the object or changes what is wished. */
function isSpecNew({ operation, object, old }: Review): boolean {
  if (operation === 'CREATE' || !old) return operation === 'CREATE';
  return (
    jsonPatch.compare({ spec: old.spec, value: old['value'] }, { spec: object.spec, value: object['value'] }).length > 0
  );
}
