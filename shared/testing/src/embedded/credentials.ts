import { join } from 'node:path';
import type { ControlPlane, ServiceAccountRef } from '../control-plane/control-plane.ts';
import { writeFileAtomic } from '../files.ts';

/** Files with which a process speaks as one ServiceAccount. */
export interface Credentials {
  /** Names the token file; its readers see a renewed token without a restart. */
  kubeconfig: string;
  /** Ends the renewal. */
  stop: () => void;
}

/** What `provideCredentials` needs. */
export interface CredentialOptions {
  controlPlane: Pick<ControlPlane, 'tokenFor' | 'kubeconfigFor'>;
  account: ServiceAccountRef;
  /** Gets `token` and `kubeconfig`. */
  folder: string;
  /** The kubeconfig's namespace. */
  namespace: string;
  /** Told when a renewal failed; it is tried again at the next look. */
  say: (line: string) => void;
}

/** Lifetime that is asked for. */
const TOKEN_SECONDS = 3_600;

/** A token is renewed once less than this share of its life is left. */
const RENEW_SHARE = 0.5;

/** How often the remaining life is looked at: by the wall clock, so that a machine that slept renews soon after. */
const LOOK_MS = 20_000;

/** Writes a token and a kubeconfig for a ServiceAccount, and renews the token long before it expires until stopped. */
export async function provideCredentials(options: CredentialOptions): Promise<Credentials> {
  const { controlPlane, account, folder } = options;
  const tokenFile = join(folder, 'token');
  const kubeconfig = join(folder, 'kubeconfig');
  let expiresAtMs = 0;
  const renew = async () => {
    const token = await controlPlane.tokenFor(account, TOKEN_SECONDS);
    await writeFileAtomic(tokenFile, token.token);
    expiresAtMs = token.expiresAtMs;
  };
  await renew();
  await writeFileAtomic(kubeconfig, controlPlane.kubeconfigFor(tokenFile, options.namespace));
  let isFailing = false;
  const timer = setInterval(() => {
    if (expiresAtMs - Date.now() > TOKEN_SECONDS * 1_000 * RENEW_SHARE) return;
    renew().then(
      () => (isFailing = false),
      (error: unknown) => {
        if (!isFailing) options.say(`failed to renew token of '${account.name}': ${String(error)}; trying on`);
        isFailing = true;
      },
    );
  }, LOOK_MS);
  return {
    kubeconfig,
    stop: () => {
      clearInterval(timer);
    },
  };
}
