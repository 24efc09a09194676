import type { X509Certificate } from 'node:crypto';
import { issuerIn, readCertificate } from './pem.ts';
import type { ServingBundle } from './serving-bundle.ts';

/** A bundle that can serve, with what is needed of it again and again. */
export interface ServableBundle extends ServingBundle {
  readonly issuer: X509Certificate;
  readonly leaf: X509Certificate;
  /** End of its validity, milliseconds since the epoch. */
  readonly notAfterMs: number;
}

/** A bundle without a problem as a servable one; undefined when its authority is not among its trust. */
export function servable(bundle: ServingBundle): ServableBundle | undefined {
  const leaf = readCertificate(bundle.certificate);
  const issuer = issuerIn(bundle.trust, leaf);
  if (leaf === undefined || issuer === undefined) return undefined;
  return { ...bundle, issuer, leaf, notAfterMs: leaf.validToDate.getTime() };
}

/** What the decision rests on. */
export interface ServingFacts {
  /** Of the Secret. */
  readonly candidate: ServableBundle;
  /** What the server shows now. */
  readonly served: ServableBundle | undefined;
  /** For how long the configuration has named the candidate's authority, as far as this process saw; undefined: it does not. */
  readonly trustedForMs: number | undefined;
  readonly settleMs: number;
  readonly nowMs: number;
}

/**
 * In how many milliseconds the candidate may be served; 0: now; undefined: not while the API server does not trust it.
 *
 * Whoever serves well goes on with that until the next one is trusted for long enough; whoever does not (a start, an expired
 * certificate) has nothing to lose. Under the same authority nothing changes for the API server.
 */
export function serveInMs({ candidate, served, trustedForMs, settleMs, nowMs }: ServingFacts): number | undefined {
  if (served === undefined || served.notAfterMs <= nowMs) return 0;
  if (served.issuer.fingerprint256 === candidate.issuer.fingerprint256) return 0;
  return trustedForMs === undefined ? undefined : Math.max(0, settleMs - trustedForMs);
}
