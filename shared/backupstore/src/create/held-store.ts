import { isStoreError, StoreError } from '../errors.ts';
import type { HeldLock } from '../locks/types.ts';
import type { ObjectInfo, ObjectStore } from '../store.ts';

/** What a step under a lock works with. */
export interface HeldStore {
  readonly store: ObjectStore;
  readonly lock: HeldLock;
  /** Fires when the caller cancels or the lock is lost. */
  readonly signal: AbortSignal;
}

/** How {@link putHeld} writes. */
export interface HeldPut {
  readonly key: string;
  readonly body: Uint8Array;
  readonly ifAbsent?: boolean;
  /** The version to replace; ignored where the store cannot. */
  readonly ifMatch?: string | undefined;
}

/**
 * Writes an object if the lock is held, with its condition where the store knows conditions: besides the lock, never in its
 * place. Returns the ETag, where there are any. Throws `LockLost`, `AlreadyExists` (only with a condition), the store's error.
 */
export async function putHeld({ store, lock, signal }: HeldStore, put: HeldPut): Promise<string | undefined> {
  const { key, body } = put;
  const ifAbsent = put.ifAbsent === true && store.capabilities.conditionalPut;
  const ifMatch = store.capabilities.conditionalReplace ? put.ifMatch : undefined;
  lock.assertHeld();
  try {
    const conditions = { ...(ifAbsent && { ifAbsent }), ...(ifMatch !== undefined && { ifMatch }) };
    return (await store.put({ key, body, signal, ...conditions })).etag;
  } catch (error) {
    // A server that speaks S3 but not this condition; the lock alone must do.
    if (ifMatch === undefined || !isStoreError(error, 'Invalid')) throw error;
    lock.assertHeld();
    return (await store.put({ key, body, signal })).etag;
  }
}

/** As {@link putHeld}, and looks that it is there: a store may say so and keep nothing. Throws `Unavailable` besides. */
export async function putProven(held: HeldStore, put: HeldPut): Promise<ObjectInfo> {
  const etag = await putHeld(held, put);
  const info = await headIfAny(held, put.key);
  const isThere = info?.size === put.body.length && (etag === undefined || info.etag === etag);
  if (info === undefined || !isThere) throw vanished(put.key);
  return info;
}

/** What a HEAD says of an object; `undefined` when it is absent. Throws the store's error. */
export async function headIfAny({ store, signal }: HeldStore, key: string): Promise<ObjectInfo | undefined> {
  try {
    return await store.head({ key, signal });
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** The error for an object that the store has accepted and does not have, or not as it was written. */
export function vanished(key: string): StoreError {
  return new StoreError('Unavailable', {
    action: `write object '${key}'`,
    detail: 'the store has accepted it and does not have it',
    cure: 'try again; if it stays, check the health of the store, and whether something removes objects from it',
    key,
  });
}
