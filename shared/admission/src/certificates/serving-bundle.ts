import { createPrivateKey } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { authoritiesIn, issuerIn, pemOf, readCertificate } from './pem.ts';

/** What the Secret `mooring-webhook-tls` holds: a serving certificate, and the authorities that the API server is to trust. */
export interface ServingBundle {
  /** PEM; empty when absent. */
  readonly certificate: string;
  /** PEM; empty when absent. */
  readonly key: string;
  /** Public certificates of `ca.crt`; more than one while an authority is followed by the next. */
  readonly trust: readonly X509Certificate[];
}

/** A Secret's `data`. */
export type SecretData = Readonly<Record<string, string>> | null | undefined;

/** Reads a bundle from a Secret's `data`; parts that are absent or garbage are empty. */
export function bundleFrom(data: SecretData): ServingBundle {
  return {
    certificate: decode(data, 'tls.crt'),
    key: decode(data, 'tls.key'),
    trust: authoritiesIn(decode(data, 'ca.crt')),
  };
}

/** The `data` of a Secret for a bundle: base64 of each PEM under `tls.crt`, `tls.key`, `ca.crt`. */
export function bundleData({ certificate, key, trust }: ServingBundle): Record<string, string> {
  return { 'tls.crt': encode(certificate), 'tls.key': encode(key), 'ca.crt': encode(pemOf(trust)) };
}

/** One member of a Secret's `data` as text; empty when absent. */
export function decode(data: SecretData, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
}

/** Text as a member of a Secret's `data`. */
export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

/**
 * Why a bundle cannot serve, in words for a log line, or undefined when it can.
 *
 * Checked: the PEM parses, the key belongs to the certificate, an authority of the bundle signed it, both are valid at
 * `nowMs`, and it names every host.
 */
export function findBundleProblem(
  { certificate, key, trust }: ServingBundle,
  hosts: readonly string[],
  nowMs: number,
): string | undefined {
  if (certificate === '' || key === '') return 'it is incomplete';
  const leaf = readCertificate(certificate);
  const privateKey = readKey(key);
  if (leaf === undefined || privateKey === undefined) return 'it cannot be parsed';
  if (!leaf.checkPrivateKey(privateKey)) return 'its key does not belong to its certificate';
  const issuer = issuerIn(trust, leaf);
  if (issuer === undefined) return 'its certificate was not signed by an authority in its ca.crt';
  if (nowMs < leaf.validFromDate.getTime()) return 'it is not valid yet';
  if (nowMs >= Math.min(leaf.validToDate.getTime(), issuer.validToDate.getTime())) return 'it has expired';
  const missing = hosts.find((host) => !names(leaf, host));
  return missing === undefined ? undefined : `it does not name the host '${missing}'`;
}

/** Every host that a serving certificate names; none when it cannot be read. */
export function hostsIn(certificate: string): string[] {
  const text = readCertificate(certificate)?.subjectAltName ?? '';
  return [...text.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map((match) => match[1] ?? '');
}

/** A private key of a PEM text; undefined when it cannot be read. */
export function readKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

function names(leaf: X509Certificate, host: string): boolean {
  return (isAddress(host) ? leaf.checkIP(host) : leaf.checkHost(host)) !== undefined;
}

/** An IPv4 or IPv6 address; a host name has no colon, and a last label that is no number. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}
