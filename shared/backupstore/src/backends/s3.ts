import type { S3Destination } from '@mooring/api';
// Static: this file itself is loaded only when an S3 store is opened, and a bundle's import() of the SDK has no named exports.
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { isStoreError, StoreError } from '../errors.ts';
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
import { KeySpace } from './key-space.ts';
import { readBody } from './read-body.ts';
import { openS3Client, type OpenedS3 } from './s3-client.ts';
import { DirectReads, type DirectAnswer } from './s3-direct.ts';
import { factsOf, toS3Error } from './s3-errors.ts';
import type { ErrorContext } from './transport-errors.ts';

// DeleteObjects takes at most this many keys.
const DELETE_BATCH = 1000;
const PARALLEL_DELETES = 16;

/** What is read of the answer to a GET. */
interface GetAnswer {
  readonly Body?: unknown;
  readonly ContentLength?: number | undefined;
  readonly ContentRange?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly ETag?: string | undefined;
}

/** Opens an S3 store; makes no request. Throws `CredentialInvalid`. */
export function openS3Store(destination: S3Destination, credentials: Readonly<Record<string, string>>): ObjectStore {
  return new S3Store(openS3Client(destination, credentials), destination);
}

/** A bucket of S3 or of a server that speaks it. Single attempts; bodies are always read to their end or destroyed. */
class S3Store implements ObjectStore {
  readonly capabilities: StoreCapabilities = {
    scheme: 's3',
    flatList: true,
    conditionalPut: true,
    conditionalReplace: true,
    batchDelete: true,
    etags: true,
  };
  readonly #opened: OpenedS3;
  readonly #bucket: string;
  readonly #keys: KeySpace;
  readonly #direct: DirectReads;

  constructor(opened: OpenedS3, destination: S3Destination) {
    this.#opened = opened;
    this.#bucket = destination.bucket;
    this.#keys = new KeySpace(destination.prefix);
    this.#direct = new DirectReads(opened.client);
  }

  async list(options: ListOptions): Promise<ListPage> {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: this.#keys.toStore(options.prefix),
      MaxKeys: options.maxKeys,
      Delimiter: options.delimiter,
      // Keys may hold characters that XML cannot; servers that do not know this leave it out of their answer.
      EncodingType: 'url',
      ...(options.continuation === undefined
        ? options.startAfter !== undefined && { StartAfter: this.#keys.toStore(options.startAfter) }
        : fromContinuation(options.continuation)),
    });
    const context = this.#context(`list bucket '${this.#bucket}'`);
    try {
      const answer = await this.#opened.client.send(command, abortOf(options));
      assertListing(answer, context);
      return this.#toPage(answer);
    } catch (error) {
      const mapped = toS3Error(error, context);
      // A listing has no key that could be absent: 404 without a code means the bucket.
      if (mapped.code === 'NotFound') throw new StoreError('BucketNotFound', { action: context.action, cause: error });
      throw mapped;
    }
  }

  async head({ key, signal }: KeyOptions): Promise<ObjectInfo> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#keys.toStore(key) });
    try {
      const answer = await this.#opened.client.send(command, abortOf({ signal }));
      return { size: answer.ContentLength ?? 0, ...versionOf(answer) };
    } catch (error) {
      throw toS3Error(error, this.#context(`look at object '${key}'`, key));
    }
  }

  async get({ key, range, signal }: GetOptions): Promise<ObjectContent> {
    const Range = range === undefined ? undefined : `bytes=${String(range.start)}-${String(range.end)}`;
    const Key = this.#keys.toStore(key);
    try {
      const answer =
        fromHeaders(await this.#direct.get(Key, Range, signal)) ??
        (await this.#opened.client.send(
          new GetObjectCommand({ Bucket: this.#bucket, Key, Range }),
          abortOf({ signal }),
        ));
      const body = await readBody(answer.Body, { length: answer.ContentLength, signal });
      const size = sizeOf(answer.ContentRange, body.length);
      const isWhole = range !== undefined && answer.ContentRange === undefined;
      return { body: isWhole ? body.subarray(range.start, range.end + 1) : body, size, ...versionOf(answer) };
    } catch (error) {
      // A range in an object that ends before it: 416.
      if (range !== undefined && factsOf(error).status === 416) {
        return { body: Buffer.alloc(0), ...(await this.head({ key, ...(signal !== undefined && { signal }) })) };
      }
      throw toS3Error(error, this.#context(`read object '${key}'`, key));
    }
  }

  async put({ key, body, ifAbsent = false, ifMatch, signal }: PutOptions): Promise<PutResult> {
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: this.#keys.toStore(key),
      Body: body,
      ContentType: 'application/octet-stream',
      ...(ifAbsent && { IfNoneMatch: '*' }),
      ...(ifMatch !== undefined && { IfMatch: `"${ifMatch}"` }),
    });
    try {
      const answer = await this.#opened.client.send(command, abortOf({ signal }));
      return answer.ETag === undefined ? {} : { etag: unquote(answer.ETag) };
    } catch (error) {
      const mapped = toS3Error(error, this.#context(`write object '${key}'`, key));
      // What was to be replaced is gone.
      if (ifMatch !== undefined && mapped.code === 'NotFound')
        throw new StoreError('AlreadyExists', { action: `write object '${key}'`, key, cause: error });
      throw mapped;
    }
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    for (let start = 0; start < keys.length; start += DELETE_BATCH) {
      const batch = keys.slice(start, start + DELETE_BATCH);
      try {
        await this.#deleteBatch(batch, options);
      } catch (error) {
        // Google's S3 has no batch delete. Side by side, or a thousand keys would outlast the call's time.
        if (!isStoreError(error, 'Invalid') || batch.length === 0) throw error;
        await forEachParallel(batch, PARALLEL_DELETES, async (key) => {
          await this.#deleteOne(key, options);
        });
      }
    }
  }

  close(): void {
    this.#opened.close();
  }

  async #deleteBatch(keys: readonly string[], options: CallOptions): Promise<void> {
    const command = new DeleteObjectsCommand({
      Bucket: this.#bucket,
      Delete: { Objects: keys.map((key) => ({ Key: this.#keys.toStore(key) })), Quiet: true },
    });
    const context = this.#context(`delete ${String(keys.length)} objects`);
    try {
      const answer = await this.#opened.client.send(command, abortOf(options));
      const failure = answer.Errors?.find((entry) => entry.Code !== 'NoSuchKey');
      if (failure !== undefined) throw Object.assign(new Error('not deleted'), { name: failure.Code });
    } catch (error) {
      throw toS3Error(error, context);
    }
  }

  async #deleteOne(key: string, options: CallOptions): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#keys.toStore(key) });
    try {
      await this.#opened.client.send(command, abortOf(options));
    } catch (error) {
      const mapped = toS3Error(error, this.#context(`delete object '${key}'`, key));
      if (mapped.code !== 'NotFound') throw mapped;
    }
  }

  #toPage(answer: ListObjectsV2CommandOutput): ListPage {
    const decode = decoderOf(answer);
    const objects = (answer.Contents ?? []).map((entry): StoredObject => {
      const key = this.#keys.fromStore(decode(entry.Key ?? ''));
      return { key, size: entry.Size ?? 0, ...versionOf(entry) };
    });
    const prefixes = (answer.CommonPrefixes ?? []).map((entry) => this.#keys.fromStore(decode(entry.Prefix ?? '')));
    const continuation = continuationOf(answer);
    return { objects, prefixes, ...(continuation !== undefined && { continuation }) };
  }

  #context(action: string, key?: string): ErrorContext {
    return { action, host: this.#opened.host, ...(key !== undefined && { key }) };
  }
}

function abortOf({ signal }: { readonly signal?: AbortSignal | undefined }): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

// MUST: a web page answered with 200 parses as a listing without keys, and would make a whole store look empty.
function assertListing(answer: ListObjectsV2CommandOutput, context: ErrorContext): void {
  if (answer.IsTruncated !== undefined || answer.Name !== undefined || answer.KeyCount !== undefined) return;
  throw new StoreError('Unavailable', {
    action: context.action,
    detail: `'${context.host}' answers, but not as an S3 server`,
    cure: 'check the endpoint of the Secret, and whether a proxy or login page is in between',
  });
}

// Some servers say that more follows but give no token; there the last key serves as start-after.
function continuationOf(answer: ListObjectsV2CommandOutput): string | undefined {
  if (answer.IsTruncated !== true) return undefined;
  if (answer.NextContinuationToken !== undefined) return `token:${answer.NextContinuationToken}`;
  const last = answer.Contents?.at(-1)?.Key;
  return last === undefined ? undefined : `after:${decoderOf(answer)(last)}`;
}

function fromContinuation(continuation: string): { ContinuationToken: string } | { StartAfter: string } {
  const value = continuation.slice(continuation.indexOf(':') + 1);
  return continuation.startsWith('token:') ? { ContinuationToken: value } : { StartAfter: value };
}

function decoderOf(answer: ListObjectsV2CommandOutput): (key: string) => string {
  return answer.EncodingType === 'url' ? decodeKey : (key) => key;
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

function versionOf(entry: { ETag?: string | undefined; LastModified?: Date | undefined }): Omit<ObjectInfo, 'size'> {
  return {
    mtimeMs: entry.LastModified?.getTime() ?? 0,
    ...(entry.ETag !== undefined && entry.ETag !== '' && { etag: unquote(entry.ETag) }),
  };
}

function unquote(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}

/** A direct answer in the SDK's terms. */
function fromHeaders(answer: DirectAnswer | undefined): GetAnswer | undefined {
  if (answer === undefined) return undefined;
  const { headers, body } = answer;
  const length = headers['content-length'];
  const modified = Date.parse(headers['last-modified'] ?? '');
  return {
    Body: body,
    ...(length !== undefined && { ContentLength: Number(length) }),
    ...(!Number.isNaN(modified) && { LastModified: new Date(modified) }),
    ContentRange: headers['content-range'],
    ETag: headers['etag'],
  };
}

// `bytes 0-99/1234`, or the body's length when the whole object came.
function sizeOf(contentRange: string | undefined, length: number): number {
  const total = /\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? length : Number(total);
}
