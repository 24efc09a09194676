import { BlockList, isIP } from 'node:net';
import { StoreError } from '../errors.ts';

/** Proxy settings as the environment variables of that name; both cases are read, upper case first. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

/** Reads the proxy settings of a Secret; what it does not say comes from `environment` (the process's). */
export function proxySettings(
  credentials: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): ProxySettings {
  const read = (name: string): string | undefined => {
    for (const source of [credentials, environment]) {
      const value = source[name] ?? source[name.toLowerCase()];
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  };
  const [httpProxy, httpsProxy, noProxy] = [read('HTTP_PROXY'), read('HTTPS_PROXY'), read('NO_PROXY')];
  return {
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    ...(noProxy !== undefined && { noProxy }),
  };
}

/** The proxy for an endpoint by the rules of Go's httpproxy (loopback is never proxied); throws `CredentialInvalid` for a bad proxy URL. */
export function proxyFor(endpoint: URL, settings: ProxySettings): URL | undefined {
  const [name, value] =
    endpoint.protocol === 'https:'
      ? (['HTTPS_PROXY', settings.httpsProxy] as const)
      : (['HTTP_PROXY', settings.httpProxy] as const);
  if (value === undefined || isExempt(endpoint, settings.noProxy ?? '')) return undefined;
  const url = URL.parse(/^[a-z0-9+.-]+:\/\//i.test(value) ? value : `http://${value}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new StoreError('CredentialInvalid', {
      action: `read credential '${name}'`,
      detail: 'it is no http or https URL',
      cure: `write it as http://host:port`,
    });
  }
  return url;
}

function isExempt(endpoint: URL, noProxy: string): boolean {
  const host = endpoint.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const port = endpoint.port === '' ? (endpoint.protocol === 'https:' ? '443' : '80') : endpoint.port;
  if (isLoopback(host)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => matches(entry, host, port));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '' || entry === '*') return entry === '*';
  if (entry.includes('/')) return inSubnet(entry, host);
  return matchesHost(entry, host, port);
}

function matchesHost(entry: string, host: string, port: string): boolean {
  const withPort = /^\[?(.+?)\]?:(\d+)$/.exec(isIP(entry) === 6 ? '' : entry);
  if (withPort?.[2] !== undefined && withPort[2] !== port) return false;
  const name = (withPort?.[1] ?? entry).replace(/^\*/, '');
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || (isIP(name) === 0 && host.endsWith(`.${name}`));
}

function inSubnet(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}
