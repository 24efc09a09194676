import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** A certificate authority that signs with ECDSA P-256. */
export interface Authority {
  /** PEM. */
  certificate: string;
  /** PEM; keep it to sign again in a later run. */
  key: string;
  /** Signs a certificate for a server: `names` are its DNS names and IP addresses. */
  signServer(commonName: string, names: readonly string[]): Promise<KeyPair>;
  /** Signs a client certificate: Kubernetes takes `commonName` as the user and `groups` as its groups. */
  signClient(commonName: string, groups?: readonly string[]): Promise<KeyPair>;
}

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Ten years: an embedded data folder has no rotation, its server certificates are signed anew at each start. */
const VALID_MS = 10 * 365 * 24 * 3_600_000;

/** Certificates are valid from a little before now, so that a clock put back a few minutes does not break them. */
const BACKDATE_MS = 3_600_000;

const ipPattern = /^(\d+\.){3}\d+$|:/;

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - BACKDATE_MS), notAfter: new Date(Date.now() + VALID_MS) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function toPem(label: string, der: ArrayBuffer): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

async function keyToPem(key: webcrypto.CryptoKey): Promise<string> {
  return toPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', key));
}

function subject(commonName: string, groups: readonly string[]): string {
  return [`CN=${commonName}`, ...groups.map((group) => `O=${group}`)].join(', ');
}

function pemBody(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}

function authorityFrom(certificatePem: string, keyPem: string): Authority {
  const issuer = new x509.X509Certificate(certificatePem);
  const sign = async (name: string, extensions: x509.Extension[]): Promise<KeyPair> => {
    const signingKey = await webcrypto.subtle.importKey('pkcs8', pemBody(keyPem), ALGORITHM, false, ['sign']);
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: name,
      issuer: issuer.subject,
      ...validity(),
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), ...extensions],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: await keyToPem(keys.privateKey) };
  };
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return {
    certificate: certificatePem,
    key: keyPem,
    // etcd's peers use one certificate as server and as client.
    signServer: (commonName, names) =>
      sign(subject(commonName, []), [
        new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: ipPattern.test(name) ? 'ip' : 'dns', value: name })),
        ),
      ]),
    signClient: (commonName, groups = []) =>
      sign(subject(commonName, groups), [new x509.ExtendedKeyUsageExtension([clientAuth])]),
  };
}

/** Makes a new certificate authority, valid for ten years. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject(commonName, []),
    ...validity(),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authorityFrom(`${certificate.toString('pem')}\n`, await keyToPem(keys.privateKey));
}

/** An authority from what `createAuthority` made in an earlier run. */
export function loadAuthority(pair: KeyPair): Authority {
  return authorityFrom(pair.certificate, pair.key);
}

/** The key pair that signs ServiceAccount tokens: public key (SPKI) and private key (SEC 1), both PEM. */
export function createTokenKeys(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    privateKey: privateKey.export({ type: 'sec1', format: 'pem' }) as string,
  };
}
