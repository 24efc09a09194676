import type { ObjectMeta, ResourceType } from '@mooring/api';
import { ApiError, isConflict, isNotFound } from './errors.ts';
import type { CallOptions } from './kube-calls.ts';
import type { KubeClient } from './kube-client.ts';

/** An object as far as finalizers are concerned. */
interface Finalizable {
  readonly metadata: Readonly<ObjectMeta>;
}

interface JsonPatchOp {
  readonly op: 'test' | 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** What a finalizer change is made of. */
export interface FinalizerOptions<T> extends CallOptions {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** As last seen; it may be old. */
  readonly object: T;
  readonly finalizer: string;
}

/** Attempts against other writers of the list. Each failure means that somebody else got through. */
const MAX_ATTEMPTS = 5;

/** True when the object carries the finalizer. */
export function hasFinalizer(object: Finalizable, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/**
 * Puts a finalizer on, beside those of others. Does nothing when it is there or the object is being deleted (none may be added then).
 * Gives the newest object, or undefined when that very object (by uid) is gone.
 */
export function addFinalizer<T extends Finalizable>(options: FinalizerOptions<T>): Promise<T | undefined> {
  return change(options, ({ finalizers, deletionTimestamp, resourceVersion }) => {
    if (finalizers?.includes(options.finalizer) === true || (deletionTimestamp ?? '') !== '') return undefined;
    if (finalizers !== undefined && finalizers.length > 0) {
      return [
        { op: 'test', path: '/metadata/finalizers', value: finalizers },
        { op: 'add', path: '/metadata/finalizers/-', value: options.finalizer },
      ];
    }
    return [
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/metadata/finalizers', value: [options.finalizer] },
    ];
  });
}

/**
 * Takes a finalizer off and leaves those of others. Does nothing when it is not there. Gives the newest object, or undefined when that
 * very object is gone. An object that is being deleted vanishes with its last finalizer.
 */
export function removeFinalizer<T extends Finalizable>(options: FinalizerOptions<T>): Promise<T | undefined> {
  return change(options, ({ finalizers }) => {
    const at = finalizers?.indexOf(options.finalizer) ?? -1;
    if (at === -1) return undefined;
    const path = `/metadata/finalizers/${at}`;
    return [
      { op: 'test', path, value: options.finalizer },
      { op: 'remove', path },
    ];
  });
}

/** Patches until the patch fits the object: a failed `test` (422) or conflict (409) means reading it again. */
async function change<T extends Finalizable>(
  options: FinalizerOptions<T>,
  opsFor: (metadata: Readonly<ObjectMeta>) => JsonPatchOp[] | undefined,
): Promise<T | undefined> {
  const { client, type, finalizer: _finalizer, object, ...call } = options;
  const { namespace, name, uid } = object.metadata;
  let current = object;
  for (let attempt = 1; ; attempt++) {
    const ops = opsFor(current.metadata);
    if (ops === undefined) return current;
    const guard: JsonPatchOp[] = uid === undefined ? [] : [{ op: 'test', path: '/metadata/uid', value: uid }];
    try {
      return await client.patch<T>(type, { namespace, name }, [...guard, ...ops], { ...call, kind: 'json' });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isLostRace(error) || attempt >= MAX_ATTEMPTS) throw error;
    }
    const newest = await client.findSame<T>(type, object, call);
    if (newest === undefined) return undefined;
    current = newest;
  }
}

/** The API server answers 422 to a failed `test`, without a reason of its own. A real 422 comes again and ends the attempts. */
function isLostRace(error: unknown): boolean {
  return isConflict(error) || (error instanceof ApiError && error.status === 422);
}
