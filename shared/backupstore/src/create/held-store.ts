import { isStoreError, StoreError } from '../errors.ts';
import type { HeldLock } from '../locks/types.ts';
import type { ObjectInfo, ObjectStore } from '../store.ts';

const SMALL_BYTES = 64 * 1024;
const MAX_ATTEMPTS = 3;

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
async function putHeld({ store, lock, signal }: HeldStore, put: HeldPut): Promise<string | undefined> {
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

/**
 * As {@link putHeld}, and looks that it is there, as it was written: a store may say so and keep nothing, or a part. What is
 * not is written again, three times at most, and never over what somebody else has written meanwhile: then the result is
 * `undefined`. Throws `Unavailable` besides.
 */
export async function putProven(held: HeldStore, put: HeldPut): Promise<ObjectInfo | undefined> {
  const { prove } = await putThenProve(held, put);
  return await prove();
}

/** As {@link putProven}, but ends when the store has accepted it; `prove`, to be called once, looks at it. */
export async function putThenProve(
  held: HeldStore,
  put: HeldPut,
): Promise<{ readonly prove: () => Promise<ObjectInfo | undefined> }> {
  const etag = await putHeld(held, put);
  return { prove: async () => await lookOrRepeat(held, put, etag) };
}

async function lookOrRepeat(
  held: HeldStore,
  put: HeldPut,
  firstEtag: string | undefined,
): Promise<ObjectInfo | undefined> {
  let etag = firstEtag;
  let next = put;
  for (let attempt = 1; ; attempt++) {
    const found = await look(held, put);
    if (found?.isWhole === true) return found.info;
    if (found !== undefined && etag !== undefined && found.info.etag !== etag) return undefined;
    if (attempt === MAX_ATTEMPTS || !mayRepeat(held.store, found)) throw vanished(put.key);
    if (found === undefined) next = { ...put, ifAbsent: true, ifMatch: undefined };
    else if (etag !== undefined) next = { ...put, ifAbsent: false, ifMatch: etag };
    etag = await putHeld(held, next);
  }
}

// MUST: never over what somebody else writes at this moment.
function mayRepeat({ capabilities }: ObjectStore, found: unknown): boolean {
  return found === undefined ? capabilities.conditionalPut : capabilities.conditionalReplace;
}

// A small object is compared byte by byte, a large one by its size.
async function look(
  held: HeldStore,
  { key, body }: HeldPut,
): Promise<{ info: ObjectInfo; isWhole: boolean } | undefined> {
  if (body.length > SMALL_BYTES) {
    const info = await headIfAny(held, key);
    return info === undefined ? undefined : { info, isWhole: info.size === body.length };
  }
  try {
    const { body: found, ...info } = await held.store.get({ key, signal: held.signal });
    return { info, isWhole: found.equals(body) };
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** What a HEAD says of an object; `undefined` when it is absent. Throws the store's error. */
export async function headIfAny(
  { store, signal }: Pick<HeldStore, 'store' | 'signal'>,
  key: string,
): Promise<ObjectInfo | undefined> {
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
