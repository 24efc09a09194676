/** What the rules of BackupTarget compare: URLs, endpoints, other targets. */
import { parseDestination } from '../destination.ts';
import type { Facts } from '../facts.ts';
import type { BackupTarget } from '../kinds/backup-target.ts';
import { nameOf, specText } from '../raw-object.ts';
import type { Review } from '../review.ts';
import { sameStore, type StoreAddress, storeEndpoint } from '../store-identity.ts';

/** Whether the URL is set and not what it was. */
export function isUrlChanged({ operation, object, old }: Review): boolean {
  const url = specText(object, 'backupTargetURL');
  return url !== '' && (operation === 'CREATE' || url !== specText(old, 'backupTargetURL'));
}

/** Other targets, not being deleted, whose URL is the same store as far as the URL alone says. */
export function sameUrlTargets({ object }: Review, targets: readonly BackupTarget[]): BackupTarget[] {
  const url = specText(object, 'backupTargetURL');
  return targets.filter((target) => {
    const isOther = target.metadata.name !== nameOf(object) && !target.metadata.deletionTimestamp;
    return isOther && sameStore({ url }, { url: target.spec.backupTargetURL ?? '' });
  });
}

/** Names of the Secrets whose endpoints decide whether these targets and the reviewed one are one store. */
export function secretsToCompare({ object }: Review, others: readonly BackupTarget[]): string[] {
  if (others.length === 0) return [];
  const names = [specText(object, 'credentialSecret'), ...others.map((target) => target.spec.credentialSecret ?? '')];
  return [...new Set(names)].filter((name) => name !== '');
}

/** The store of a URL with the credentials of a Secret; an unknown or absent Secret adds nothing. */
export function addressOf(url: string, secretName: string, facts: Facts): StoreAddress {
  try {
    const data = facts.secrets?.[secretName]?.data ?? {};
    return { url, endpoint: storeEndpoint(parseDestination(url), data) };
  } catch {
    return { url };
  }
}
