import type { S3Destination } from '@mooring/api';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { StoreError } from '../errors.ts';
import { createAgents, type HttpAgents } from './http-agents.ts';
import { proxySettings } from './proxy.ts';

type Credentials = Readonly<Record<string, string>>;

// Backstops behind the deadline of each call (wrappers): a socket that never connects or never answers.
const CONNECT_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 60_000;

/** An S3 client, and what goes with it. */
export interface OpenedS3 {
  readonly client: S3Client;
  /** Host and port, for messages. */
  readonly host: string;
  readonly close: () => void;
}

/**
 * Builds the client by backupstore-format §1: static keys or the SDK's chain (web identity, instance metadata, shared
 * config), path style when an endpoint is given unless `VIRTUAL_HOSTED_STYLE` says otherwise, own CA, proxies.
 * Makes no request. Throws `CredentialInvalid`.
 */
export function openS3Client(destination: S3Destination, credentials: Credentials): OpenedS3 {
  const keys = staticKeys(credentials);
  const endpoint = parseEndpoint(credentials);
  const agents = createAgents({
    endpoint: endpoint ?? new URL('https://s3.amazonaws.com'),
    proxies: proxySettings(credentials, process.env),
    caPem: credentials['AWS_CERT'],
    caKey: 'AWS_CERT',
  });
  const client = createClient({ destination, credentials, keys, endpoint, agents });
  if (endpoint?.protocol !== 'http:') leavePayloadUnsigned(client);
  return {
    client,
    host: endpoint?.host ?? 'amazonaws.com',
    close: () => {
      agents.close();
    },
  };
}

interface ClientParts {
  readonly destination: S3Destination;
  readonly credentials: Credentials;
  readonly keys: S3ClientConfig['credentials'];
  readonly endpoint: URL | undefined;
  readonly agents: HttpAgents;
}

function createClient({ destination, credentials, keys, endpoint, agents }: ClientParts): S3Client {
  const region = destination.region ?? defaultRegion(endpoint);
  return new S3Client({
    ...(region !== undefined && { region }),
    ...(keys !== undefined && { credentials: keys }),
    ...(endpoint !== undefined && { endpoint: endpoint.href }),
    forcePathStyle: usesPathStyle(credentials, endpoint),
    followRegionRedirects: endpoint === undefined,
    // Retries are the wrapper's; checksums that other stores do not know are left out (aws-sdk-js-v3 #6810).
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({
      httpAgent: agents.httpAgent,
      httpsAgent: agents.httpsAgent,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      socketTimeout: ANSWER_TIMEOUT_MS,
    }),
  });
}

// Behind an own endpoint the region is mostly a formality that the SDK insists on; at AWS it is the SDK's to find.
function defaultRegion(endpoint: URL | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  return process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
}

function staticKeys(credentials: Credentials): S3ClientConfig['credentials'] {
  const accessKeyId = credentials['AWS_ACCESS_KEY_ID'] ?? '';
  const secretAccessKey = credentials['AWS_SECRET_ACCESS_KEY'] ?? '';
  const sessionToken = credentials['AWS_SESSION_TOKEN'];
  if (accessKeyId === '' && secretAccessKey === '') return undefined;
  const missing = accessKeyId === '' ? 'AWS_ACCESS_KEY_ID' : secretAccessKey === '' ? 'AWS_SECRET_ACCESS_KEY' : '';
  if (missing !== '') {
    throw new StoreError('CredentialInvalid', {
      action: `read credential '${missing}'`,
      detail: 'it is not there, though the other key is',
      cure: 'put both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into the Secret, or neither',
    });
  }
  checkHeaderText('AWS_ACCESS_KEY_ID', accessKeyId);
  checkHeaderText('AWS_SESSION_TOKEN', sessionToken ?? '');
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** What goes into a header as it is: a line break inside, as of two pasted lines, would fail in every request with words about headers. */
function checkHeaderText(key: string, value: string): void {
  if (/^[\x21-\x7e]*$/.test(value)) return;
  throw new StoreError('CredentialInvalid', {
    action: `read credential '${key}'`,
    detail: 'its value has white space or another character inside that no key has',
    cure: 'write the key alone, on one line, into the Secret',
  });
}

function parseEndpoint(credentials: Credentials): URL | undefined {
  const value = credentials['AWS_ENDPOINTS'] ?? '';
  if (value === '') return undefined;
  const url = URL.parse(value);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '') return url;
  throw new StoreError('CredentialInvalid', {
    action: "read credential 'AWS_ENDPOINTS'",
    detail: 'it is no http or https URL',
    cure: 'write one URL with scheme and port, e.g. https://minio.example:9000',
  });
}

function usesPathStyle(credentials: Credentials, endpoint: URL | undefined): boolean {
  const virtual = credentials['VIRTUAL_HOSTED_STYLE'];
  if (virtual === 'true') return false;
  return virtual === 'false' || endpoint !== undefined;
}

// TLS guards the bytes on the way and SHA-512 guards the content: signing the payload only costs CPU (10.0 → 4.2 ms a 2 MiB PUT).
function leavePayloadUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { headers?: Record<string, string> };
      if (request.headers !== undefined) request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return await next(args);
    },
    { step: 'build', name: 'unsignedPayload' },
  );
}
