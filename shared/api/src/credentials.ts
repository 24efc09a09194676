/** Keys of credential Secrets (reference/backupstore-format.md §1) and the rule for their values. */

/** Every key that Longhorn knows, with what reads it. `pem`: PEM text, whose trailing newline is legal. */
export const credentialKeys = {
  AWS_ACCESS_KEY_ID: { scheme: 's3', pem: false },
  AWS_SECRET_ACCESS_KEY: { scheme: 's3', pem: false },
  AWS_SESSION_TOKEN: { scheme: 's3', pem: false },
  AWS_ENDPOINTS: { scheme: 's3', pem: false },
  AWS_CERT: { scheme: 's3', pem: true },
  AWS_IAM_ROLE_ARN: { scheme: 's3', pem: false },
  VIRTUAL_HOSTED_STYLE: { scheme: 's3', pem: false },
  AWS_SIGN_ACCEPT_ENCODING: { scheme: 's3', pem: false },
  CIFS_USERNAME: { scheme: 'cifs', pem: false },
  CIFS_PASSWORD: { scheme: 'cifs', pem: false },
  AZBLOB_ACCOUNT_NAME: { scheme: 'azblob', pem: false },
  AZBLOB_ACCOUNT_KEY: { scheme: 'azblob', pem: false },
  AZBLOB_ENDPOINT: { scheme: 'azblob', pem: false },
  AZBLOB_CERT: { scheme: 'azblob', pem: true },
  HTTP_PROXY: { scheme: 'any', pem: false },
  HTTPS_PROXY: { scheme: 'any', pem: false },
  NO_PROXY: { scheme: 'any', pem: false },
} as const;

/** One of {@link credentialKeys}. */
export type CredentialKey = keyof typeof credentialKeys;

/** A value that would break: which key, where. Never the value itself. */
export interface CredentialProblem {
  key: CredentialKey;
  where: 'leading' | 'trailing';
}

/**
 * Known keys whose decoded value begins or ends with white space, which a copied `echo` without `-n` leaves behind.
 * PEM text may end with newlines, as every PEM file does (longhorn issue #7159), but not begin with white space.
 */
export function credentialProblems(data: Readonly<Record<string, string>>): CredentialProblem[] {
  const problems: CredentialProblem[] = [];
  for (const [key, { pem }] of Object.entries(credentialKeys) as [CredentialKey, { pem: boolean }][]) {
    const value = data[key];
    if (value === undefined) continue;
    if (/^\s/.test(value)) problems.push({ key, where: 'leading' });
    if (!pem && /\s$/.test(value)) problems.push({ key, where: 'trailing' });
  }
  return problems;
}
