import type { ResourceType } from '@mooring/api';
import { Backoff } from './backoff.ts';
import { sleep, type Clock } from './clock.ts';
import { ApiError, ConnectionError, isExpired } from './errors.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log } from './observe.ts';
import type { ReflectorMetrics } from './reflector-metrics.ts';
import type { WatchEvent } from './watch-stream.ts';

/** Any object as far as the reflector looks into it. */
export interface Versioned {
  readonly metadata: { readonly resourceVersion?: string | undefined };
}

/** Where the reflector puts what it sees. Neither may throw nor take long. */
export interface ReflectorTarget<T> {
  /** A list begins: objects are collected apart and published by `commit` alone, or never. */
  beginReplace(): { add(object: T): void; /** Gives the number of changes. */ commit(): number };
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
}

/** What is mirrored, and with what. */
export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly type: ResourceType;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
  readonly target: ReflectorTarget<T>;
  readonly clock: Clock;
  readonly metrics: ReflectorMetrics;
  readonly log: Log;
  /** 0 ≤ value < 1; for tests. */
  readonly random?: (() => number) | undefined;
}

/** Why a watch ended: a metric's label. */
export type RestartReason =
  | 'Closed'
  | 'Expired'
  | 'ErrorEvent'
  | 'ApiError'
  | 'Unreachable'
  | 'Timeout'
  | 'Aborted'
  | 'Stalled'
  | 'Malformed'
  | 'Internal';

/** Objects a page: the size client-go uses; a page of 500 small objects parses in 5–10 ms. */
const PAGE_LIMIT = 500;

/** A page above this many characters halves the next page's limit: 500 objects may be 750 MiB. */
const LARGE_PAGE_CHARACTERS = 8 * 1024 * 1024;

/** A watch that lived so long was healthy: the next one starts at once. Shorter ones wait, so a server that closes at once is asked about once a second, then less. */
const HEALTHY_WATCH_MS = 10_000;

/** At least so often everything is listed again, in case an event ever got lost: `mooring_informer_drift_total` then counts it. */
const RELIST_AFTER_MS = 8 * 3_600_000;

/** After so many watches in a row that failed without an event the version is given up: it may be from before the server's store was restored. */
const MAX_FAILED_WATCHES = 5;

/**
 * Keeps a target equal to a collection for ever:
 *
 *     list ──────────────→ watch ──clean end, silent──→ watch from the last version
 *       ↑                    │ broken, garbled: back off, watch from the last version
 *       └──── back off ──────┘ 410, ERROR event, or five failures in a row: list again
 *
 * No error ends it; only `stop`. Backoff 0.8 s … 30 s, reset by the first event. Silence is no failure: bookmarks are a courtesy, and the API
 * server sends none for a kind of which nothing changes, unless etcd tells it of its progress (by default every ten minutes).
 */
export class Reflector<T extends Versioned> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  #version: string | undefined;
  #failedWatches = 0;
  #listAgainAtMs = Infinity;
  #lastContactMs = -Infinity;
  #connected = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ initialMs: 800, maxMs: 30_000, random: this.#random });
  }

  /** Monotonic time of the last list, event or bookmark, milliseconds; -Infinity before the first. */
  get lastContactMs(): number {
    return this.#lastContactMs;
  }

  /** True while a watch is open, or opened again at once after one that ended in good order or was silent. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Runs until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#options;
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      const reason = await this.#pass(signal);
      metrics.restarted(reason);
      const isInOrder = reason === 'Closed' || reason === 'Stalled';
      this.#connected = isInOrder && clock.monotonic() - startedAt >= HEALTHY_WATCH_MS;
      if (this.#connected) this.#backoff.reset();
      else await sleep(clock, this.#backoff.next(), signal);
    }
  }

  async #pass(signal: AbortSignal): Promise<RestartReason> {
    let isStreaming = false;
    try {
      this.#version ??= await this.#list(signal);
      const events = await this.#watch(this.#version, signal);
      isStreaming = true;
      this.#connected = true;
      this.#contact();
      for await (const event of events) this.#take(event);
      if (this.#clockMs() >= this.#listAgainAtMs) this.#version = undefined;
      return 'Closed';
    } catch (error) {
      return this.#failed(error, isStreaming, signal);
    }
  }

  #failed(error: unknown, isStreaming: boolean, signal: AbortSignal): RestartReason {
    if (signal.aborted) return 'Aborted';
    const reason = reasonOf(error, isStreaming);
    const { log, type } = this.#options;
    if (reason === 'Stalled') log.debug({ resource: type.plural }, 'the watch was silent; it is opened again');
    else log.warn({ err: error, resource: type.plural, reason }, 'the watch or list failed; it starts again');
    this.#failedWatches++;
    if (reason === 'Expired' || reason === 'ErrorEvent' || this.#failedWatches >= MAX_FAILED_WATCHES) {
      this.#version = undefined;
      this.#failedWatches = 0;
    }
    return reason;
  }

  /** Reads the whole collection page by page; any failure, also a page's 410, throws and publishes nothing. */
  async #list(signal: AbortSignal): Promise<string> {
    const { client, type, namespace, labelSelector, fieldSelector, metadataOnly, target, metrics } = this.#options;
    const replacement = target.beginReplace();
    let limit = PAGE_LIMIT;
    let next: string | undefined;
    let version: string | undefined;
    do {
      const page = await client.list<T>(type, {
        namespace,
        labelSelector,
        fieldSelector,
        metadataOnly,
        limit,
        continue: next,
        signal,
      });
      for (const object of page.items) replacement.add(object);
      version ??= page.resourceVersion;
      next = page.continue;
      if (page.size > LARGE_PAGE_CHARACTERS) limit = Math.max(10, Math.floor(limit / 2));
      this.#contact();
      await yieldToEventLoop();
    } while (next !== undefined);
    const isPlanned = this.#clockMs() >= this.#listAgainAtMs;
    const changes = replacement.commit();
    metrics.listed(isPlanned ? changes : 0);
    this.#listAgainAtMs = this.#clockMs() + RELIST_AFTER_MS * (1 + this.#random() / 2);
    return version;
  }

  #watch(resourceVersion: string, signal: AbortSignal): Promise<AsyncGenerator<WatchEvent<T>, void, undefined>> {
    const { client, type, namespace, labelSelector, fieldSelector, metadataOnly, metrics } = this.#options;
    metrics.watched();
    return client.watch<T>(type, {
      namespace,
      labelSelector,
      fieldSelector,
      metadataOnly,
      resourceVersion,
      // Spread over four minutes, so that the watches of a fleet do not all end in one instant.
      timeoutSeconds: 240 + Math.floor(this.#random() * 240),
      signal,
    });
  }

  #take(event: WatchEvent<T>): void {
    this.#contact();
    this.#backoff.reset();
    this.#failedWatches = 0;
    if (event.type !== 'BOOKMARK') this.#options.target.apply(event.type, event.object);
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
  }

  #clockMs(): number {
    return this.#options.clock.monotonic();
  }

  #contact(): void {
    this.#lastContactMs = this.#options.clock.monotonic();
    this.#options.metrics.contact();
  }
}

function reasonOf(error: unknown, isStreaming: boolean): RestartReason {
  if (isExpired(error)) return 'Expired';
  if (error instanceof ApiError) return isStreaming ? 'ErrorEvent' : 'ApiError';
  return error instanceof ConnectionError ? error.reason : 'Internal';
}

function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
