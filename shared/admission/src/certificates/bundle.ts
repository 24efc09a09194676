import { X509Certificate, createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';

/** Certificate authority and serving certificate, each as PEM text. */
export interface CertificateBundle {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly certificate: string;
  readonly key: string;
}

/** Keys of the bundle's parts in the Secret: `tls.*` as type kubernetes.io/tls demands, `ca.*` beside them. */
const SECRET_KEYS = { certificate: 'tls.crt', key: 'tls.key', caCertificate: 'ca.crt', caKey: 'ca.key' } as const;

/**
 * The `data` of a Secret for a bundle: base64 of each PEM under `tls.crt`, `tls.key`, `ca.crt`, `ca.key`.
 */
export function toSecretData(bundle: CertificateBundle): Record<string, string> {
  const encode = (pem: string): string => Buffer.from(pem).toString('base64');
  return {
    [SECRET_KEYS.certificate]: encode(bundle.certificate),
    [SECRET_KEYS.key]: encode(bundle.key),
    [SECRET_KEYS.caCertificate]: encode(bundle.caCertificate),
    [SECRET_KEYS.caKey]: encode(bundle.caKey),
  };
}

/**
 * Reads a bundle back from a Secret's `data`.
 *
 * @returns undefined when a serving part (`tls.crt`, `tls.key`, `ca.crt`) is absent or empty; `ca.key` may be absent,
 *   since a Secret written by cert-manager has none
 */
export function fromSecretData(
  data: Readonly<Record<string, string>> | null | undefined,
): CertificateBundle | undefined {
  const decode = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  const bundle = {
    certificate: decode(SECRET_KEYS.certificate),
    key: decode(SECRET_KEYS.key),
    caCertificate: decode(SECRET_KEYS.caCertificate),
    caKey: decode(SECRET_KEYS.caKey),
  };
  return bundle.certificate && bundle.key && bundle.caCertificate ? bundle : undefined;
}

/**
 * Why a bundle cannot serve, in words for a log line, or undefined when it can.
 *
 * Checked: the PEM parses, the key belongs to the certificate, the CA signed it, it is valid at `nowMs` and it names
 * every host.
 */
export function findBundleProblem(
  bundle: CertificateBundle,
  hosts: readonly string[],
  nowMs: number,
): string | undefined {
  const parsed = parse(bundle);
  if (parsed === undefined) return 'it cannot be parsed';
  const { leaf, ca, key } = parsed;
  if (!leaf.checkPrivateKey(key)) return 'its key does not belong to its certificate';
  if (!leaf.verify(ca.publicKey)) return 'its certificate was not signed by its ca.crt';
  if (nowMs < leaf.validFromDate.getTime()) return 'it is not valid yet';
  if (nowMs >= Math.min(leaf.validToDate.getTime(), ca.validToDate.getTime())) return 'it has expired';
  const missing = hosts.find((host) => !names(leaf, host));
  return missing === undefined ? undefined : `it does not name the host '${missing}'`;
}

/** A CA this close to its end signs nothing new: the leaf would live shorter than a year. */
const CA_MARGIN_MS = 365 * 86_400_000;

/** Whether the bundle's own authority can sign another certificate: its key is there, fits, and will be valid for a year. */
export function canSign(bundle: CertificateBundle, nowMs: number): boolean {
  try {
    const ca = new X509Certificate(bundle.caCertificate);
    return ca.checkPrivateKey(createPrivateKey(bundle.caKey)) && ca.validToDate.getTime() > nowMs + CA_MARGIN_MS;
  } catch {
    return false;
  }
}

function names(leaf: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined;
}

function parse(bundle: CertificateBundle) {
  try {
    return {
      leaf: new X509Certificate(bundle.certificate),
      ca: new X509Certificate(bundle.caCertificate),
      key: createPrivateKey(bundle.key),
    };
  } catch {
    return undefined;
  }
}
