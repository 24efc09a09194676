/** Looks for another target with a better right to the same store. */
import { parseDestination, sameStore, storeEndpoint } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';
import { readSecret } from '@mooring/runtime';
import type { Parts } from '../parts.ts';
import { claimOf, findWinner } from '../policies.ts';
import type { StoreClaim } from '../policies.ts';

/**
 * The target that has this one's store, or undefined. Secrets are read only when the URLs alone do not tell two targets apart,
 * because the endpoint may stand in the Secret. Throws ApiError and ConnectionError.
 */
export async function findRival(parts: Parts, target: BackupTarget): Promise<StoreClaim | undefined> {
  const own = claimOf(target);
  if (own === undefined) return undefined;
  const candidates = parts.caches.targets.list().filter((other) => isCandidate(target, other));
  if (candidates.length === 0) return undefined;
  const address = await addressOf(parts, target);
  const rivals: StoreClaim[] = [];
  for (const other of candidates) {
    const claim = claimOf(other);
    if (claim !== undefined && sameStore(address, await addressOf(parts, other))) rivals.push(claim);
  }
  return findWinner(own, rivals);
}

function isCandidate(target: BackupTarget, other: BackupTarget): boolean {
  if (other.metadata.name === target.metadata.name || claimOf(other) === undefined) return false;
  return sameStore({ url: urlOf(other) }, { url: urlOf(target) });
}

async function addressOf(parts: Parts, target: BackupTarget): Promise<{ url: string; endpoint?: string | undefined }> {
  const url = urlOf(target);
  const secret = target.spec.credentialSecret;
  const credentials = secret ? await readSecret(parts.client, { namespace: parts.namespace, name: secret }) : undefined;
  return { url, endpoint: storeEndpoint(parseDestination(url), credentials?.data ?? {}) };
}

function urlOf(target: BackupTarget): string {
  return target.spec.backupTargetURL ?? '';
}
