import { readFile } from 'node:fs/promises';
import { systemClock, type Clock } from './clock.ts';

/** Gives the `Authorization` header of a request. */
export interface Authorization {
  /** The whole header value, e.g. `Bearer eyJ…`, or undefined when the client certificate is all there is. */
  header(): Promise<string | undefined>;
  /** The server answered 401: read the credential again at the next call. Returns false when that cannot help. */
  renew(): boolean;
}

/** How long a token file's content is believed. Kubelets renew projected tokens at 80 % of an hour or more; client-go rereads each minute too. */
const TOKEN_FILE_TTL_MS = 60_000;

/** A header that never changes. */
export function fixedAuthorization(value: string): Authorization {
  return { header: () => Promise.resolve(value), renew: () => false };
}

/**
 * A bearer token from a file, read at most once a minute and again after a 401. While the file cannot be read,
 * the last token is used: a kubelet swaps the file by rename, and a short gap must not fail a call.
 */
export function tokenFileAuthorization(path: string, clock: Clock = systemClock): Authorization {
  return cachedAuthorization(async () => `Bearer ${(await readFile(path, 'utf8')).trim()}`, clock);
}

/** Caches what `load` gives for a minute; one load at a time; falls back to the last value when a load fails. */
export function cachedAuthorization(load: () => Promise<string | undefined>, clock: Clock): Authorization {
  let value: string | undefined;
  let loadedAt = -Infinity;
  let loading: Promise<string | undefined> | undefined;
  const refresh = async (): Promise<string | undefined> => {
    try {
      value = await load();
      loadedAt = clock.monotonic();
    } catch (error) {
      if (value === undefined) throw error;
    } finally {
      loading = undefined;
    }
    return value;
  };
  return {
    header: () => {
      if (clock.monotonic() - loadedAt < TOKEN_FILE_TTL_MS) return Promise.resolve(value);
      loading ??= refresh();
      return loading;
    },
    renew: () => {
      loadedAt = -Infinity;
      return true;
    },
  };
}
