import { X509Certificate } from 'node:crypto';
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { StoreError } from '../errors.ts';
import { proxyFor, type ProxySettings } from './proxy.ts';

// More than the largest in-flight limit: the limiter bounds the calls, the pool must never queue behind it.
const MAX_SOCKETS = 300;
const MAX_FREE_SOCKETS = 64;

/** Keep-alive pools of one store. */
export interface HttpAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpAgent;
  /** Ends idle connections; calls in flight go on. */
  readonly close: () => void;
}

/** What connections need to know. */
export interface AgentSettings {
  /** The endpoint all requests go to; its host decides whether the proxy is used. `undefined`: the provider's own, over TLS. */
  readonly endpoint: URL;
  readonly proxies: ProxySettings;
  /** PEM text of further certificate authorities, trusted besides the system's. */
  readonly caPem: string | undefined;
  /** The name of the credential key that `caPem` comes from, for errors. */
  readonly caKey: string;
}

type TrustingOptions = AgentOptions & { secureContext?: SecureContext };

/** Makes the pools, through a proxy where the settings say so. Throws `CredentialInvalid` for a bad certificate or proxy URL. */
export function createAgents(settings: AgentSettings): HttpAgents {
  const { endpoint } = settings;
  const secureContext = endpoint.protocol === 'https:' ? trustOf(settings) : undefined;
  const options: TrustingOptions = {
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_FREE_SOCKETS,
    ...(secureContext !== undefined && { secureContext }),
  };
  const { httpAgent, httpsAgent } = selectAgents(options, proxyFor(endpoint, settings.proxies));
  return {
    httpAgent,
    httpsAgent,
    close: () => {
      for (const agent of [httpAgent, httpsAgent]) destroyIdle(agent);
    },
  };
}

function selectAgents(
  options: TrustingOptions,
  proxy: URL | undefined,
): { httpAgent: HttpAgent; httpsAgent: HttpAgent } {
  if (proxy === undefined) return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
  const httpsAgent = new HttpsProxyAgent(proxy, options);
  // It keeps what it is given for the connection to the proxy; what stands here is for the one through it.
  Object.assign(httpsAgent.options, { secureContext: options.secureContext });
  return { httpAgent: new HttpProxyAgent(proxy, options), httpsAgent };
}

// One context for all connections: parsing some 300 roots anew for each costs more than the handshake.
function trustOf({ caPem, caKey }: AgentSettings): SecureContext {
  const own = caPem === undefined || caPem.trim() === '' ? [] : [checkedPem(caPem, caKey)];
  return createSecureContext({
    ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...own])],
  });
}

function checkedPem(pem: string, key: string): string {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error('no certificate');
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    throw new StoreError('CredentialInvalid', {
      action: `read credential '${key}'`,
      detail: 'it holds no valid PEM certificate',
      cure: `put the PEM text of the certificates itself into '${key}', neither a path nor a private key`,
      cause: error,
    });
  }
  return blocks.join('\n');
}

function destroyIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}
