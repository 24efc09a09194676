import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificate authorities in a PEM text, in its order, each once. Blocks that cannot be read and certificates that may
 * not sign are left out, as the API server would not use them either.
 */
export function authoritiesIn(text: string): X509Certificate[] {
  const found = new Map<string, X509Certificate>();
  for (const [block] of text.matchAll(BLOCK)) {
    const certificate = readCertificate(block);
    if (certificate?.ca === true) found.set(certificate.fingerprint256, certificate);
  }
  return [...found.values()];
}

/** The first certificate of a PEM text; undefined when it cannot be read. */
export function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** The authority of a list that signed a certificate. Subjects do not tell: all our authorities have the same one. */
export function issuerIn(
  authorities: readonly X509Certificate[],
  leaf: X509Certificate | undefined,
): X509Certificate | undefined {
  return authorities.find((authority) => leaf?.verify(authority.publicKey));
}

/** Each authority once, in the order of the first mention. */
export function uniqueAuthorities(authorities: readonly (X509Certificate | undefined)[]): X509Certificate[] {
  const known = new Map(authorities.flatMap((one) => (one === undefined ? [] : [[one.fingerprint256, one] as const])));
  return [...known.values()];
}

/** PEM text of a list of certificates. */
export function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => certificate.toString()).join('');
}
