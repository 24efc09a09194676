import { randomUUID } from 'node:crypto';
import { StoreError, isStoreError } from './errors.ts';
import { parseJson } from './format/json-reader.ts';
import { MARKER_KEY } from './layout.ts';
import type { CallOptions, ObjectStore } from './store.ts';

/** The store marker, `backupstore/mooring.json`: tells one store from another, and an empty store from an absent one. */
export interface StoreMarker {
  /** A random UUID, made once. */
  readonly storeID: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
}

/** The marker; `undefined` when the store has none. Throws `Corrupt` when it is no marker, or the store's error. */
export async function readMarker(store: ObjectStore, options: CallOptions = {}): Promise<StoreMarker | undefined> {
  try {
    const { body } = await store.get({ key: MARKER_KEY, ...options });
    return decodeMarker(body);
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/**
 * Writes a marker unless there is one, and returns the one that is there afterwards: of several writers one wins and all
 * return its. Where the store has no conditional write, the later of two simultaneous ones wins. Throws `AccessDenied`
 * or `ReadOnly` when the store may not be written.
 */
export async function writeMarker(
  store: ObjectStore,
  options: CallOptions & { readonly now?: () => number } = {},
): Promise<StoreMarker> {
  const { now = Date.now, ...call } = options;
  const present = await readMarker(store, call);
  if (present !== undefined) return present;
  const marker: StoreMarker = { storeID: randomUUID(), createdAt: new Date(now()).toISOString() };
  const body = Buffer.from(JSON.stringify(marker));
  try {
    await store.put({ key: MARKER_KEY, body, ifAbsent: store.capabilities.conditionalPut, ...call });
  } catch (error) {
    if (!isStoreError(error, 'AlreadyExists')) throw error;
  }
  // Read back: another writer may have won, also one whose put we could not see.
  return (await readMarker(store, call)) ?? marker;
}

function decodeMarker(body: Buffer): StoreMarker {
  const bad = (cause?: unknown): StoreError =>
    new StoreError('Corrupt', {
      action: `decode object '${MARKER_KEY}'`,
      detail: 'it is no store marker',
      cure: 'restore it from a copy, or remove it if this store was always the same',
      key: MARKER_KEY,
      cause,
    });
  let value: unknown;
  try {
    value = parseJson(body.toString('utf8'));
  } catch (error) {
    throw bad(error);
  }
  if (typeof value !== 'object' || value === null || !('storeID' in value)) throw bad();
  const createdAt = 'createdAt' in value && typeof value.createdAt === 'string' ? value.createdAt : '';
  if (typeof value.storeID !== 'string' || value.storeID === '') throw bad();
  return { storeID: value.storeID, createdAt };
}
