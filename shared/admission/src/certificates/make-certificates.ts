import { createAuthority, issueCertificate } from './issue.ts';
import type { KeyPair } from './issue.ts';

/** An authority and a certificate that it signed, PEM; for tests and benchmarks. */
export interface MadeCertificates extends KeyPair {
  readonly caCertificate: string;
  readonly caKey: string;
}

/**
 * Makes a serving certificate for a day, and the authority that signs it unless there is one already.
 *
 * @param options.nowMs its validity begins about there, milliseconds since the epoch
 */
export async function makeCertificates(options: {
  readonly hosts: readonly string[];
  readonly nowMs: number;
  readonly lifetimeMs?: number;
  readonly authority?: KeyPair;
}): Promise<MadeCertificates> {
  const { hosts, nowMs, lifetimeMs = 86_400_000 } = options;
  const authority = options.authority ?? (await createAuthority({ nowMs, lifetimeMs: 100 * lifetimeMs }));
  const leaf = await issueCertificate({ hosts, nowMs, lifetimeMs, authority });
  return { ...leaf, caCertificate: authority.certificate, caKey: authority.key };
}
