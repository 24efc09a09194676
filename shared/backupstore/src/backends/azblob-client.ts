import type { AzblobDestination } from '@mooring/api';
import {
  BlobServiceClient,
  newPipeline,
  StorageSharedKeyCredential,
  type ContainerClient,
  type StoragePipelineOptions,
} from '@azure/storage-blob';
import { StoreError } from '../errors.ts';
import { createAgents } from './http-agents.ts';
import { proxySettings } from './proxy.ts';

type Credentials = Readonly<Record<string, string>>;

/** A container's client, and what goes with it. */
export interface OpenedAzblob {
  readonly container: ContainerClient;
  /** Host and port, for messages. */
  readonly host: string;
  readonly close: () => void;
}

/**
 * Builds the client by backupstore-format §1: `https://<account>.blob.<suffix>/`, or `<AZBLOB_ENDPOINT>/<account>/`;
 * shared key; own CA and proxies. Makes no request. Throws `SecretRequired`, `CredentialInvalid`, `InvalidURL`.
 */
export function openAzblobClient(destination: AzblobDestination, credentials: Credentials): OpenedAzblob {
  const { account, key } = accountOf(credentials);
  const service = serviceUrl(destination, account, credentials['AZBLOB_ENDPOINT'] ?? '');
  const agents = createAgents({
    endpoint: service,
    proxies: proxySettings(credentials, process.env),
    caPem: credentials['AZBLOB_CERT'],
    caKey: 'AZBLOB_CERT',
  });
  // `agent` reaches the pipeline though the type does not name it; with it, the SDK's own proxy handling stays out.
  const options: StoragePipelineOptions & { agent: unknown } = {
    agent: service.protocol === 'https:' ? agents.httpsAgent : agents.httpAgent,
    // Retries are the wrapper's.
    retryOptions: { maxTries: 1 },
  };
  const pipeline = newPipeline(new StorageSharedKeyCredential(account, key), options);
  const client = new BlobServiceClient(service.href, pipeline);
  return {
    container: client.getContainerClient(destination.container),
    host: service.host,
    close: () => {
      agents.close();
    },
  };
}

function accountOf(credentials: Credentials): { account: string; key: string } {
  const account = credentials['AZBLOB_ACCOUNT_NAME'] ?? '';
  const key = credentials['AZBLOB_ACCOUNT_KEY'] ?? '';
  if (account === '' && key === '') {
    throw new StoreError('SecretRequired', {
      action: 'open azblob store',
      detail: 'AZBLOB_ACCOUNT_NAME and AZBLOB_ACCOUNT_KEY are not there',
      cure: 'create a Secret with both and name it in credentialSecret',
    });
  }
  const missing = account === '' ? 'AZBLOB_ACCOUNT_NAME' : key === '' ? 'AZBLOB_ACCOUNT_KEY' : '';
  if (missing === '') return { account, key };
  throw new StoreError('CredentialInvalid', {
    action: `read credential '${missing}'`,
    detail: 'it is not there, though the other one is',
    cure: 'put both AZBLOB_ACCOUNT_NAME and AZBLOB_ACCOUNT_KEY into the Secret',
  });
}

function serviceUrl(destination: AzblobDestination, account: string, endpoint: string): URL {
  if (endpoint === '' && destination.endpointSuffix === '') {
    throw new StoreError('InvalidURL', {
      action: 'open azblob store',
      detail: 'the URL names no endpoint',
      cure: 'write azblob://container@core.windows.net/path/, or put AZBLOB_ENDPOINT into the Secret',
    });
  }
  const text =
    endpoint === ''
      ? `https://${account}.blob.${destination.endpointSuffix}/`
      : `${endpoint.replace(/\/+$/, '')}/${account}/`;
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '') return url;
  throw new StoreError('CredentialInvalid', {
    action: "read credential 'AZBLOB_ENDPOINT'",
    detail: 'it is no http or https URL',
    cure: 'write it with scheme and port, e.g. http://azurite.example:10000',
  });
}
