import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Clock } from './clock.ts';
import { cachedAuthorization } from './authorization.ts';
import type { Connection } from './connection.ts';

/**
 * Credentials of a kubeconfig user with an exec plugin or an auth provider (OIDC, cloud logins), by @kubernetes/client-node.
 * A client certificate from a plugin is read once; tokens are asked for again each minute (the plugin caches them) and after a 401.
 */
export async function pluginCredentials(path: string, clock: Clock): Promise<Partial<Connection>> {
  const config = new KubeConfig();
  config.loadFromFile(path);
  const options = async (): Promise<PluginOptions> => {
    const applied: PluginOptions = {};
    await config.applyToHTTPSOptions(applied);
    return applied;
  };
  const first = await options();
  const load = async (): Promise<string | undefined> => {
    const header = (await options()).headers?.['Authorization'];
    return typeof header === 'string' ? header : undefined;
  };
  return { cert: pem(first.cert), key: pem(first.key), authorization: cachedAuthorization(load, clock) };
}

interface PluginOptions {
  headers?: Record<string, unknown>;
  cert?: unknown;
  key?: unknown;
}

function pem(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined;
}
