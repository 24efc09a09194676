import type { X509Certificate } from 'node:crypto';
import { authoritiesIn, pemOf, uniqueAuthorities } from './pem.ts';

/** The part of a webhook configuration (mutating or validating) that carries trust. */
export interface WebhookConfiguration {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

/** One operation of the patch. */
export interface CaBundlePatchOp {
  readonly op: 'test' | 'add';
  readonly path: string;
  readonly value: string;
}

/** What a configuration is to trust. */
export interface WantedTrust {
  /** Must be in it: those of the Secret, and who signed the certificate that is served. */
  readonly wanted: readonly X509Certificate[];
  /** Whether one of ours that is not wanted any more may go: until then a replica may still serve with it. */
  readonly mayRetire: boolean;
  readonly nowMs: number;
}

/**
 * The JSON patch that makes every webhook of a configuration trust what is wanted; empty when all do.
 *
 * Adds at once, takes out late: replicas that see a change at different moments never undo each other's work. What is not
 * ours is replaced at once. Safe against a concurrent edit: each change is preceded by a `test` of the webhook's name at that
 * index, so a list that somebody reordered makes the API server refuse the patch instead of trusting the wrong entry.
 */
export function caBundlePatch(configuration: WebhookConfiguration, trust: WantedTrust): CaBundlePatchOp[] {
  return (configuration.webhooks ?? []).flatMap((webhook, index): CaBundlePatchOp[] => {
    const caBundle = caBundleFor(webhook.clientConfig.caBundle, trust);
    if (caBundle === undefined) return [];
    return [
      { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
      { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle },
    ];
  });
}

/** The authorities that every webhook of a configuration trusts; none when it has no webhook. */
export function trustedAuthorities({ webhooks = [] }: WebhookConfiguration): X509Certificate[] {
  const [first = [], ...others] = webhooks.map(({ clientConfig }) => authoritiesOf(clientConfig.caBundle));
  return first.filter((one) => others.every((list) => includes(list, one)));
}

/** Whether a certificate is in a list. */
export function includes(list: readonly X509Certificate[], wanted: X509Certificate): boolean {
  return list.some((one) => one.fingerprint256 === wanted.fingerprint256);
}

/** undefined: it is well as it is. */
function caBundleFor(current: string | undefined, { wanted, mayRetire, nowMs }: WantedTrust): string | undefined {
  const present = authoritiesOf(current);
  const kept = mayRetire ? [] : present.filter((one) => isOurs(one) && one.validToDate.getTime() > nowMs);
  const next = uniqueAuthorities([...wanted, ...kept]);
  const isWell = next.length === present.length && next.every((one) => includes(present, one));
  return isWell ? undefined : Buffer.from(pemOf(next)).toString('base64');
}

function authoritiesOf(caBundle: string | undefined): X509Certificate[] {
  return authoritiesIn(Buffer.from(caBundle ?? '', 'base64').toString('utf8'));
}

function isOurs(authority: X509Certificate): boolean {
  return authority.subject === 'CN=mooring-webhook-ca';
}
