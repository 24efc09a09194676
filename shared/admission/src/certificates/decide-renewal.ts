import type { X509Certificate } from 'node:crypto';
import { authoritiesIn, issuerIn, readCertificate, uniqueAuthorities } from './pem.ts';
import type { KeyPair } from './issue.ts';
import type { CertificatePolicy } from './policy.ts';
import { findBundleProblem, readKey } from './serving-bundle.ts';
import type { ServingBundle } from './serving-bundle.ts';

/** What everybody can see: the serving Secret, and whether the authority's Secret is there. */
export interface RenewalFacts {
  /** Undefined: there is no Secret. */
  readonly bundle: ServingBundle | undefined;
  readonly hasAuthority: boolean;
  /** Releases before 0.2 kept the authority's key in the serving Secret. */
  readonly holdsAuthorityKey: boolean;
}

/** When things are due. */
export interface RenewalRules {
  /** Every name and address that the certificate must cover. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
  readonly policy: CertificatePolicy;
  /** 0 ≤ value < 1, one for each process, so that replicas do not begin at the same moment. */
  readonly jitter: number;
}

/** Whether something is to be written. */
export interface Renewal {
  /** Why, for a log line; undefined: nothing is due. */
  readonly reason: string | undefined;
  /** When the next thing falls due, milliseconds since the epoch; in the past when something is due. */
  readonly dueAtMs: number;
}

/** Renewed with a third of its life left, up to a tenth earlier. Counted from the end, as the beginning is backdated. */
function dueAtMs(notAfter: Date, lifetimeMs: number, jitter: number): number {
  return notAfter.getTime() - lifetimeMs * (1 / 3 + jitter / 10);
}

/**
 * Says, from what everybody can see, whether and when the Secrets are to be written. The authority's key is not needed for
 * it: only the process that then holds the Lease reads that.
 */
export function decideRenewal(facts: RenewalFacts, rules: RenewalRules): Renewal {
  const { nowMs, policy, jitter } = rules;
  const due = (reason: string): Renewal => ({ reason, dueAtMs: nowMs });
  const { bundle } = facts;
  const leafReason = whyLeafIsDue(bundle, rules);
  if (bundle === undefined || leafReason !== undefined) return due(leafReason ?? '');
  if (facts.holdsAuthorityKey) return due("it holds the authority's key");
  if (!facts.hasAuthority) return due("the authority's Secret is gone");
  // Whoever signs next is among these; one that is not due yet keeps an older one from being followed again and again.
  const authorityDueMs = Math.max(...bundle.trust.map((one) => dueAtMs(one.validToDate, policy.caLifetimeMs, jitter)));
  if (authorityDueMs <= nowMs) return due("a third of its authority's life is left");
  return { reason: undefined, dueAtMs: Math.min(leafDueAtMs(bundle, rules), authorityDueMs) };
}

function whyLeafIsDue(bundle: ServingBundle | undefined, rules: RenewalRules): string | undefined {
  if (bundle === undefined) return 'there is none';
  const problem = findBundleProblem(bundle, rules.hosts, rules.nowMs);
  if (problem !== undefined) return problem;
  return leafDueAtMs(bundle, rules) <= rules.nowMs ? 'a third of its life is left' : undefined;
}

function leafDueAtMs({ certificate }: ServingBundle, { policy, jitter }: RenewalRules): number {
  return dueAtMs(readCertificate(certificate)?.validToDate ?? new Date(0), policy.leafLifetimeMs, jitter);
}

/** What the holder of the Lease knows beside. */
export interface WriteFacts {
  readonly bundle: ServingBundle | undefined;
  /** From the authority's Secret. */
  readonly authority: KeyPair | undefined;
  /** From a serving Secret as releases before 0.2 wrote it. */
  readonly formerAuthority: KeyPair | undefined;
}

/** What is to be written. */
export interface WritePlan {
  /** Signs from now on; undefined: a new one must be made. */
  readonly authority: KeyPair | undefined;
  /** Whether a new serving certificate is issued. */
  readonly isLeafDue: boolean;
}

/** Decides what the holder of the Lease writes: who signs, and whether the serving certificate is issued anew. */
export function decideWrites(facts: WriteFacts, rules: RenewalRules): WritePlan {
  const authority = [facts.authority, facts.formerAuthority].find((one) => one !== undefined && canSign(one, rules));
  return { authority, isLeafDue: whyLeafIsDue(facts.bundle, rules) !== undefined };
}

/** Whether an authority can sign on: its key is there and fits, and it is not due to be followed. */
function canSign({ certificate, key }: KeyPair, { nowMs, policy, jitter }: RenewalRules): boolean {
  const authority = readCertificate(certificate);
  const privateKey = readKey(key);
  if (authority?.ca !== true || privateKey === undefined || !authority.checkPrivateKey(privateKey)) return false;
  // What cert-manager left may be of another kind; `issueCertificate` signs with this one.
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
  return (
    authority.validFromDate.getTime() <= nowMs && dueAtMs(authority.validToDate, policy.caLifetimeMs, jitter) > nowMs
  );
}

/**
 * The authorities that the API server is to trust: the serving certificate's first, then who signs from now on, then every
 * earlier one until it expires, since no certificate outlives its authority.
 */
export function trustFor(options: {
  readonly certificate: string;
  readonly authority: KeyPair;
  readonly earlier: readonly X509Certificate[];
  readonly nowMs: number;
}): X509Certificate[] {
  const { certificate, authority, earlier, nowMs } = options;
  const alive = earlier.filter((one) => one.validToDate.getTime() > nowMs);
  const all = [...authoritiesIn(authority.certificate), ...alive];
  return uniqueAuthorities([issuerIn(all, readCertificate(certificate)), ...all]);
}
