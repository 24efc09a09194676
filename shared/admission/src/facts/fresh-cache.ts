import type { CachedObject, Freshness, Informer } from '@mooring/runtime';
import { FactUnavailable } from './fact-source.ts';

/**
 * Oldest sign of life that a cache is believed with. The runtime opens a watch again that was silent for 75 s, as those of kinds
 * of which nothing changes may be for long; what is older has a connection that died without a word.
 */
const MAX_AGE_MS = 100_000;

/**
 * Age at which a cache whose watch is down counts as stale: time for a watch that ended in good order (every few minutes)
 * to be opened again, and no more.
 */
const MAX_CUT_OFF_MS = 5_000;

/** Why a cache must not be believed now, in words, or undefined when it may. Pure. */
export function findStaleness({ synced, connected, ageMs }: Freshness): string | undefined {
  if (!synced) return 'is not filled yet';
  if (!connected && ageMs > MAX_CUT_OFF_MS) return `has had no connection for ${seconds(ageMs)} s`;
  if (ageMs > MAX_AGE_MS) return `has heard nothing for ${seconds(ageMs)} s`;
  return undefined;
}

/**
 * The cache itself when it may be believed.
 *
 * @param noun what it holds, for the message: `backup targets`
 * @throws FactUnavailable when it is unsynced or stale
 */
export function requireFresh<T extends CachedObject>(informer: Informer<T>, noun: string): Informer<T> {
  const staleness = findStaleness(informer.freshness());
  if (staleness === undefined) return informer;
  throw new FactUnavailable(`failed to review the request: the webhook's cache of ${noun} ${staleness}`);
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(0);
}
