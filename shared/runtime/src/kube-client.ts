import type { KubeObject, ObjectMeta, ResourceType } from '@mooring/api';
import { sleep, systemClock, type Clock } from './clock.ts';
import { connectionFromEnvironment, connectionFromKubeconfig, type Connection } from './connection.ts';
import { ConnectionError, isNotFound, LeaseLost } from './errors.ts';
import type {
  CallOptions,
  DeleteOptions,
  ListOptions,
  ListPage,
  PatchOptions,
  RawCall,
  WatchOptions,
  Writable,
} from './kube-calls.ts';
import { apiErrorFrom, parseBody, retryDelayMs } from './kube-response.ts';
import { noMetrics, type Counter, type Metrics } from './observe.ts';
import { queryString, resourcePath, type ObjectRef } from './resource-path.ts';
import { Transport, type HttpRequest, type OpenResponse } from './transport.ts';
import { readWatch, type WatchEvent } from './watch-stream.ts';

/** Decides, right before a write is sent, whether this process may still write. */
export interface WriteFence {
  isLeader(): boolean;
  /** How long the answer holds, milliseconds; a write is given up after it. */
  validForMs?(): number;
}

/** An object as far as it says which one it is. */
interface Identified {
  readonly metadata: Readonly<Pick<ObjectMeta, 'namespace' | 'name' | 'uid'>>;
}

/** What all clients of one process share. */
interface Shared {
  readonly transport: Transport;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly requests: Counter;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Bookmarks come about once a minute, where they come. */
const DEFAULT_IDLE_TIMEOUT_MS = 75_000;

/** Attempts of one call while the server says 429, or 5xx with Retry-After (client-go stops at 10; the deadline usually comes first). */
const MAX_ATTEMPTS = 8;

const PATCH_CONTENT_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/**
 * The Kubernetes API as raw JSON: unknown fields survive and times stay strings. One pool of connections, a deadline on every
 * call, 429 and Retry-After honoured. Throws ApiError (the server's answer), ConnectionError (no answer), LeaseLost (see `fenced`).
 */
export class KubeClient {
  readonly #shared: Shared;
  readonly #fence: WriteFence | undefined;

  private constructor(shared: Shared, fence?: WriteFence) {
    this.#shared = shared;
    this.#fence = fence;
  }

  /** Finds the API server by `KUBECONFIG`, the pod's service account or `~/.kube/config`. */
  static async fromEnvironment(options: KubeClientOptions = {}): Promise<KubeClient> {
    return KubeClient.fromConnection(await connectionFromEnvironment(process.env, options.clock), options);
  }

  /** Connects as the current context of a kubeconfig file says. */
  static async fromKubeconfig(path: string, options: KubeClientOptions = {}): Promise<KubeClient> {
    return KubeClient.fromConnection(await connectionFromKubeconfig(path, options.clock), options);
  }

  /** Connects to a server given by hand. */
  static fromConnection(connection: Connection, options: KubeClientOptions = {}): KubeClient {
    const clock = options.clock ?? systemClock;
    const requests = (options.metrics ?? noMetrics).counter('mooring_kube_requests_total');
    const transport = new Transport(connection, { clock, ...options });
    return new KubeClient({ transport, connection, clock, requests });
  }

  /** The namespace of the kubeconfig's context or of the pod. */
  get namespace(): string | undefined {
    return this.#shared.connection.namespace;
  }

  /**
   * The same client whose writes throw LeaseLost, unsent, when this process is not the leader. With a fence that knows how long
   * its answer holds (LeaderElector), a write is also given up before another process can take the lease.
   */
  fenced(fence: WriteFence | (() => boolean)): KubeClient {
    return new KubeClient(this.#shared, typeof fence === 'function' ? { isLeader: fence } : fence);
  }

  /** Closes the pool's idle connections. */
  close(): void {
    this.#shared.transport.close();
  }

  /** Reads one object, uncached. */
  get<T = KubeObject>(type: ResourceType, ref: ObjectRef & { name: string }, options: CallOptions = {}): Promise<T> {
    return this.request<T>({ ...options, method: 'GET', path: resourcePath(type, ref) });
  }

  /** Reads one object, uncached; undefined when there is none, or no such kind (404). Throws as {@link get} otherwise. */
  async find<T = KubeObject>(
    type: ResourceType,
    ref: ObjectRef & { name: string },
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(type, ref, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Reads that very object as it is now, uncached; undefined when it is gone, also when another one has its name (the UIDs differ). */
  async findSame<T extends Identified>(
    type: ResourceType,
    { metadata: { namespace, name, uid } }: Identified,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const found = await this.find<T>(type, { namespace, name }, options);
    return found?.metadata.uid === uid ? found : undefined;
  }

  /** Reads one page of a collection; items of built-in kinds get their `apiVersion` and `kind` from the informer only. */
  async list<T = KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<ListPage<T>> {
    const { namespace, metadataOnly, signal, timeoutMs, ...query } = options;
    const path = resourcePath(type, { namespace }) + queryString(query);
    const accept = metadataOnly === true ? `${METADATA_LIST},application/json` : undefined;
    const text = await this.#text({ method: 'GET', path, accept, signal, timeoutMs });
    const { items, metadata } = parseBody<{
      items: T[] | null;
      metadata: { resourceVersion: string; continue?: string };
    }>(text, path);
    const next = metadata.continue;
    const page = { items: items ?? [], resourceVersion: metadata.resourceVersion, size: text.length };
    return next === undefined || next === '' ? page : { ...page, continue: next };
  }

  /** Creates an object in its `metadata.namespace`. Throws ApiError `AlreadyExists`. */
  create<T = KubeObject>(
    type: ResourceType,
    object: Writable<{ readonly namespace?: string | undefined }>,
    options: CallOptions & { name?: string; subresource?: string } = {},
  ): Promise<T> {
    const { name, subresource, ...call } = options;
    const path = resourcePath(type, { namespace: object.metadata.namespace, name, subresource });
    return this.request<T>({ ...call, method: 'POST', path, body: object });
  }

  /** Replaces an object; its `metadata.resourceVersion` MUST be what was read, or another's change is lost. */
  replace<T = KubeObject>(
    type: ResourceType,
    object: Writable<{ readonly namespace?: string | undefined; readonly name: string }>,
    options: CallOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { subresource, ...call } = options;
    const path = resourcePath(type, { ...object.metadata, subresource });
    return this.request<T>({ ...call, method: 'PUT', path, body: object });
  }

  /** Changes an object (or, with `subresource: 'status'`, its status). */
  // eslint-disable-next-line max-params -- in the order of the request line; every other verb has the same first two
  patch<T = KubeObject>(
    type: ResourceType,
    ref: ObjectRef & { name: string },
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const { kind, fieldManager, force, ...call } = options;
    const path = resourcePath(type, ref) + queryString({ fieldManager, force });
    return this.request<T>({ ...call, method: 'PATCH', path, body, contentType: PATCH_CONTENT_TYPES[kind] });
  }

  /** Deletes an object; with `uid`, only that very one. Throws ApiError 404 when it is gone, 409 when the precondition fails. */
  async delete(type: ResourceType, ref: ObjectRef & { name: string }, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, propagationPolicy, signal } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, propagationPolicy };
    await this.request({ method: 'DELETE', path: resourcePath(type, ref), body, signal });
  }

  /**
   * Watches a collection. Resolves once the server accepted it; the iterator then gives events and bookmarks, ends when the server
   * closes cleanly, and throws ApiError for an ERROR event, ConnectionError for a broken, silent or garbled stream. Stop by `break` or the signal.
   */
  async watch<T = KubeObject>(
    type: ResourceType,
    options: WatchOptions,
  ): Promise<AsyncGenerator<WatchEvent<T>, void, undefined>> {
    const { namespace, metadataOnly, signal, idleTimeoutMs, ...query } = options;
    const path = resourcePath(type, { namespace }) + queryString({ ...query, watch: true, allowWatchBookmarks: true });
    const response = await this.#open({
      method: 'GET',
      path,
      headers: { accept: metadataOnly === true ? `${METADATA},application/json` : 'application/json' },
      timeoutMs: DEFAULT_TIMEOUT_MS,
      signal,
    });
    return readWatch<T>(response, {
      clock: this.#shared.clock,
      idleTimeoutMs: idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      path,
    });
  }

  /** Any call; resolves with the parsed JSON answer. */
  async request<T = unknown>(call: RawCall): Promise<T> {
    return parseBody<T>(await this.#text(call), call.path);
  }

  /** Sends until there is an answer that is no plea for patience; client-go's rules. */
  async #text(call: RawCall): Promise<string> {
    const { clock } = this.#shared;
    const isWrite = call.method !== 'GET';
    const endsAt = clock.monotonic() + (call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    for (let attempt = 1; ; attempt++) {
      const leftMs = this.#allowedMs(call, isWrite, endsAt - clock.monotonic());
      const { status, headers, text } = await this.#exchange(call, leftMs, attempt);
      if (status < 400) return text;
      const error = apiErrorFrom({ method: call.method, path: call.path, status, headers, text });
      const delayMs = status === 401 && attempt === 1 && this.#renewCredential() ? 0 : retryDelayMs(error, attempt);
      if (delayMs === undefined || attempt >= MAX_ATTEMPTS || clock.monotonic() + delayMs >= endsAt) throw error;
      if (delayMs > 0) await sleep(clock, delayMs, call.signal);
    }
  }

  /** Throws LeaseLost when the fence forbids the write, else how long this attempt may take. */
  #allowedMs(call: RawCall, isWrite: boolean, leftMs: number): number {
    if (!isWrite || this.#fence === undefined) return leftMs;
    const validMs = this.#fence.validForMs?.() ?? Infinity;
    if (this.#fence.isLeader() && validMs > 0) return Math.min(leftMs, validMs);
    throw new LeaseLost(`failed to ${call.method} '${call.path}': this process no longer holds the lease`);
  }

  async #exchange(
    call: RawCall,
    timeoutMs: number,
    attempt: number,
  ): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }> {
    const request: HttpRequest = {
      method: call.method,
      path: call.path,
      headers: await this.#headers(call),
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      timeoutMs,
      signal: call.signal,
    };
    try {
      const answer = await this.#shared.transport.exchange(request);
      this.#count(call, answer.status);
      return answer;
    } catch (error) {
      this.#count(call, 0);
      // A kept-alive connection that the server had closed (restart, idle limit): only a read may be sent again unasked.
      const isStale =
        error instanceof ConnectionError && error.code === 'ECONNRESET' && call.method === 'GET' && attempt === 1;
      if (!isStale) throw error;
      return this.#exchange(call, timeoutMs, attempt + 1);
    }
  }

  async #open(request: HttpRequest): Promise<OpenResponse> {
    const headers = { ...request.headers, ...(await this.#headers(request)) };
    const response = await this.#shared.transport.open({ ...request, headers });
    this.#count({ method: 'WATCH', path: request.path }, response.status);
    if (response.status < 400) return response;
    if (response.status === 401) this.#renewCredential();
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response.body) chunks.push(chunk);
    } finally {
      response.close();
    }
    const text = Buffer.concat(chunks).toString('utf8');
    throw apiErrorFrom({
      method: 'WATCH',
      path: request.path,
      status: response.status,
      headers: response.headers,
      text,
    });
  }

  async #headers(call: {
    accept?: string | undefined;
    contentType?: string | undefined;
    body?: unknown;
  }): Promise<Record<string, string>> {
    const authorization = await this.#shared.connection.authorization?.header();
    return {
      'user-agent': 'mooring',
      ...(call.accept === undefined ? {} : { accept: call.accept }),
      ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      ...(authorization === undefined ? {} : { authorization }),
    };
  }

  #renewCredential(): boolean {
    return this.#shared.connection.authorization?.renew() ?? false;
  }

  #count(call: { method: string; path: string }, status: number): void {
    this.#shared.requests.add(1, { verb: call.method, resource: resourceOf(call.path), status: String(status) });
  }
}

/** What a client is made with. */
export interface KubeClientOptions {
  readonly clock?: Clock;
  readonly metrics?: Metrics;
  readonly connectTimeoutMs?: number;
}

/** The plural (and subresource) in an API path, without names: a small set of label values. */
function resourceOf(path: string): string {
  const parts = (path.split('?', 1)[0] ?? '').split('/').slice(1);
  const rest = parts[0] === 'api' ? parts.slice(2) : parts.slice(3);
  const named = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  return named[2] === undefined ? (named[0] ?? 'other') : `${named[0] ?? 'other'}/${named[2]}`;
}
