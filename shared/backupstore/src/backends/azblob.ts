import type { AzblobDestination } from '@mooring/api';
import type { BlobItem, ContainerClient } from '@azure/storage-blob';
import { StoreError } from '../errors.ts';
import { compareKeys } from '../layout.ts';
import { forEachParallel } from '../parallel.ts';
import type {
  CallOptions,
  GetOptions,
  KeyOptions,
  ListOptions,
  ListPage,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreCapabilities,
  StoredObject,
} from '../store.ts';
import { openAzblobClient, type OpenedAzblob } from './azblob-client.ts';
import { statusOf, toAzblobError } from './azblob-errors.ts';
import { KeySpace } from './key-space.ts';
import { readBody } from './read-body.ts';
import type { ErrorContext } from './transport-errors.ts';

// Within one delete call, beside the limit that counts calls.
const PARALLEL_DELETES = 8;

/** Opens an Azure Blob store; makes no request. Throws `SecretRequired`, `CredentialInvalid`, `InvalidURL`. */
export function openAzblobStore(
  destination: AzblobDestination,
  credentials: Readonly<Record<string, string>>,
): ObjectStore {
  return new AzblobStore(openAzblobClient(destination, credentials), destination);
}

interface BlobPage {
  readonly containerName?: string;
  readonly segment: { readonly blobItems: readonly BlobItem[]; readonly blobPrefixes?: readonly { name: string }[] };
  readonly continuationToken?: string;
}

/** A container of Azure Blob storage or Azurite. Single attempts; bodies are always read to their end or destroyed. */
class AzblobStore implements ObjectStore {
  readonly capabilities: StoreCapabilities = {
    scheme: 'azblob',
    flatList: true,
    conditionalPut: true,
    conditionalReplace: true,
    batchDelete: false,
    etags: true,
  };
  readonly #opened: OpenedAzblob;
  readonly #name: string;
  readonly #keys: KeySpace;

  constructor(opened: OpenedAzblob, destination: AzblobDestination) {
    this.#opened = opened;
    this.#name = destination.container;
    this.#keys = new KeySpace(destination.prefix);
  }

  async list(options: ListOptions): Promise<ListPage> {
    const context = this.#context(`list container '${this.#name}'`);
    try {
      const page = await listPage(this.#opened.container, {
        ...options,
        prefix: this.#keys.toStore(options.prefix),
        ...(options.startAfter !== undefined && { startAfter: this.#keys.toStore(options.startAfter) }),
      });
      // MUST: a web page answered with 200 parses as a listing without keys, and would make a whole store look empty.
      if (page.containerName === undefined) {
        throw new StoreError('Unavailable', {
          action: context.action,
          detail: `'${this.#opened.host}' answers, but not as Azure Blob storage`,
          cure: 'check the endpoint of the Secret, and whether a proxy or login page is in between',
        });
      }
      return this.#toPage(page, options.startAfter);
    } catch (error) {
      const mapped = toAzblobError(error, context);
      // A listing has no key that could be absent: 404 without a code means the container.
      if (mapped.code === 'NotFound') throw new StoreError('BucketNotFound', { action: context.action, cause: error });
      throw mapped;
    }
  }

  async head({ key, signal }: KeyOptions): Promise<ObjectInfo> {
    try {
      const answer = await this.#blob(key).getProperties(abortOf(signal));
      return { size: answer.contentLength ?? 0, ...versionOf(answer) };
    } catch (error) {
      throw toAzblobError(error, this.#context(`look at object '${key}'`, key));
    }
  }

  async get({ key, range, signal }: GetOptions): Promise<ObjectContent> {
    const offset = range?.start ?? 0;
    const count = range === undefined ? undefined : range.end - range.start + 1;
    try {
      const answer = await this.#blob(key).download(offset, count, { ...abortOf(signal), maxRetryRequests: 0 });
      const body = await readBody(answer.readableStreamBody, { length: answer.contentLength, signal });
      const total = /\/(\d+)$/.exec(answer.contentRange ?? '')?.[1];
      return { body, size: total === undefined ? body.length : Number(total), ...versionOf(answer) };
    } catch (error) {
      // A range in an object that ends before it.
      if (range !== undefined && statusOf(error) === 416) {
        return { body: Buffer.alloc(0), ...(await this.head({ key, ...(signal !== undefined && { signal }) })) };
      }
      throw toAzblobError(error, this.#context(`read object '${key}'`, key));
    }
  }

  async put({ key, body, ifAbsent = false, ifMatch, signal }: PutOptions): Promise<PutResult> {
    try {
      const answer = await this.#blob(key).upload(body, body.length, {
        ...abortOf(signal),
        blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
        ...(ifAbsent && { conditions: { ifNoneMatch: '*' } }),
        ...(ifMatch !== undefined && { conditions: { ifMatch: `"${ifMatch}"` } }),
      });
      return answer.etag === undefined ? {} : { etag: unquote(answer.etag) };
    } catch (error) {
      throw toAzblobError(error, this.#context(`write object '${key}'`, key));
    }
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    await forEachParallel(keys, PARALLEL_DELETES, async (key) => {
      try {
        await this.#blob(key).deleteIfExists({ ...abortOf(options.signal), deleteSnapshots: 'include' });
      } catch (error) {
        throw toAzblobError(error, this.#context(`delete object '${key}'`, key));
      }
    });
  }

  close(): void {
    this.#opened.close();
  }

  #blob(key: string) {
    return this.#opened.container.getBlockBlobClient(this.#keys.toStore(key));
  }

  #toPage(page: BlobPage, startAfter: string | undefined): ListPage {
    const { blobItems, blobPrefixes = [] } = page.segment;
    const objects = blobItems.map((item): StoredObject => {
      const { properties } = item;
      return { key: this.#keys.fromStore(item.name), size: properties.contentLength ?? 0, ...versionOf(properties) };
    });
    const prefixes = blobPrefixes.map((item) => this.#keys.fromStore(item.name));
    return {
      // `startFrom` is inclusive.
      objects: objects.filter((object) => object.key !== startAfter),
      prefixes: prefixes.filter((prefix) => isAfter(prefix, startAfter)),
      ...(page.continuationToken !== undefined &&
        page.continuationToken !== '' && { continuation: page.continuationToken }),
    };
  }

  #context(action: string, key?: string): ErrorContext {
    return { action, host: this.#opened.host, ...(key !== undefined && { key }) };
  }
}

async function listPage(container: ContainerClient, options: ListOptions): Promise<BlobPage> {
  const query = {
    prefix: options.prefix,
    ...(options.startAfter !== undefined && { startFrom: options.startAfter }),
    ...abortOf(options.signal),
  };
  const pages = (
    options.delimiter === undefined
      ? container.listBlobsFlat(query)
      : container.listBlobsByHierarchy(options.delimiter, query)
  ).byPage({
    maxPageSize: options.maxKeys ?? 1000,
    ...(options.continuation !== undefined && { continuationToken: options.continuation }),
  });
  const first = await pages.next();
  return first.done === true ? { segment: { blobItems: [] } } : first.value;
}

function isAfter(prefix: string, startAfter: string | undefined): boolean {
  return startAfter === undefined || compareKeys(prefix, startAfter) > 0 || startAfter.startsWith(prefix);
}

function abortOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function versionOf(entry: { etag?: string | undefined; lastModified?: Date | undefined }): Omit<ObjectInfo, 'size'> {
  return {
    mtimeMs: entry.lastModified?.getTime() ?? 0,
    ...(entry.etag !== undefined && entry.etag !== '' && { etag: unquote(entry.etag) }),
  };
}

function unquote(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
