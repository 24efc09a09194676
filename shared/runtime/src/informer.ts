import type { KubeObject, ResourceType } from '@mooring/api';
import { gate } from './gate.ts';
import { systemClock, type Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { noLog, noMetrics, type Log, type Metrics } from './observe.ts';
import { reflectorMetrics, type ReflectorMetrics } from './reflector-metrics.ts';
import { Reflector, type ReflectorTarget } from './reflector.ts';
import { apiVersionOf } from './resource-path.ts';
import { Store, type Indexer } from './store.ts';
import { StringPool } from './string-pool.ts';
import { trimObject } from './trim.ts';

/** A change of the cache. `old` is absent for `added`, `new` for `deleted`. Objects are shared with the cache: never change them. */
export type Change<T> =
  | { readonly type: 'added'; readonly key: string; readonly old: undefined; readonly new: T }
  | { readonly type: 'updated'; readonly key: string; readonly old: T; readonly new: T }
  | { readonly type: 'deleted'; readonly key: string; readonly old: T; readonly new: undefined };

/** The least that a cached object has. */
export interface CachedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** What is cached, and how. */
export interface InformerOptions<T> {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** Left out: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Ask the API server for `metadata` alone. */
  readonly metadataOnly?: boolean | undefined;
  /** Makes what is kept from what was read (managedFields are gone already). Keep little: 20,000 of these stay in memory. MUST keep name, namespace, resourceVersion. */
  readonly transform?: ((object: T) => T) | undefined;
  /** Index name → values of an object, for `byIndex`. */
  readonly indexers?: Readonly<Record<string, Indexer<T>>> | undefined;
  /** Called after the cache changed. May only compute keys and enqueue them; what it throws is logged and dropped. */
  readonly onChange?: ((change: Change<T>) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: Metrics | undefined;
  readonly log?: Log | undefined;
  /** 0 ≤ value < 1; for tests. */
  readonly random?: (() => number) | undefined;
}

/** How far a cache may be believed. */
export interface Freshness {
  /** The first list is complete. */
  readonly synced: boolean;
  /** A watch is open now, or is just being renewed. */
  readonly connected: boolean;
  /** Monotonic time of the last list, event or bookmark, milliseconds of the informer's clock; -Infinity before the first. */
  readonly lastContactMs: number;
  /** Milliseconds since then; Infinity before the first. A healthy cache of a quiet kind reaches 75 s: then its watch is opened again. */
  readonly ageMs: number;
}

/** `namespace/name`, or `/name` for cluster-wide objects. */
export function keyOf(object: CachedObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Splits a key; the namespace is undefined for cluster-wide objects. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/');
  return { namespace: slash <= 0 ? undefined : key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Makes an informer; nothing is asked before `start`. */
export function createInformer<T extends CachedObject = KubeObject & CachedObject>(
  options: InformerOptions<T>,
): Informer<T> {
  return new Informer(options);
}

/**
 * A cache of one collection that stays equal to the API server's (see Reflector). Reads are synchronous and may be a moment old:
 * before anything is destroyed, read again by `client.get`.
 */
export class Informer<T extends CachedObject> {
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: ReflectorMetrics;
  readonly #store: Store<T>;
  readonly #pool = new StringPool();
  readonly #apiVersion: string;
  readonly #reflector: Reflector<T>;
  readonly #stopped = new AbortController();
  readonly #synced = gate();
  #hasSynced = false;
  #changes = 0;
  #running: Promise<void> | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? noLog;
    this.#metrics = reflectorMetrics(options.metrics ?? noMetrics, options.type.plural, this.#clock);
    this.#apiVersion = apiVersionOf(options.type);
    this.#store = new Store(options.indexers);
    const target: ReflectorTarget<T> = {
      beginReplace: () => this.#beginReplace(),
      apply: (type, object) => this.#apply(type, object),
    };
    this.#reflector = new Reflector({ ...options, target, clock: this.#clock, metrics: this.#metrics, log: this.#log });
  }

  /** Begins to list and watch. Calling it again does nothing. */
  start(): void {
    this.#running ??= this.#reflector.run(this.#stopped.signal);
  }

  /** Ends the watch; resolves when nothing more will change. The cache keeps its last content. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Resolves when the first list is complete and `onChange` has had it. Never rejects; with `stop` before the sync it never resolves. */
  whenSynced(): Promise<void> {
    return this.#synced.opened;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get size(): number {
    return this.#store.size;
  }

  freshness(): Freshness {
    const { lastContactMs, connected } = this.#reflector;
    return { synced: this.#hasSynced, connected, lastContactMs, ageMs: this.#clock.monotonic() - lastContactMs };
  }

  /** `namespace` is undefined for cluster-wide objects. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#store.get(`${namespace ?? ''}/${name}`);
  }

  getByKey(key: string): T | undefined {
    return this.#store.get(key);
  }

  /** A new array of all objects, in no order. */
  list(): T[] {
    return [...this.#store.values()];
  }

  /** Keys of all objects, without a copy. */
  keys(): IterableIterator<string> {
    return this.#store.keys();
  }

  /** Objects under a value of an index; none → []. Throws RangeError for an index that was not declared. */
  byIndex(index: string, value: string): T[] {
    return this.#store.byIndex(index, value);
  }

  /** How many objects `byIndex` would give, without making an array. */
  countByIndex(index: string, value: string): number {
    return this.#store.keysByIndex(index, value).size;
  }

  #beginReplace(): { add(object: T): void; commit(): number } {
    const fresh = new Map<string, T>();
    return {
      add: (raw) => {
        const key = keyOf(raw);
        const known = this.#store.get(key);
        // An unchanged object is kept as it is: a relist needs no second copy of the cache.
        fresh.set(key, known !== undefined && isSameVersion(known, raw) ? known : this.#trim(raw));
      },
      commit: () => this.#commit(fresh),
    };
  }

  #commit(fresh: Map<string, T>): number {
    const before = this.#changes;
    for (const key of [...this.#store.keys()]) {
      if (!fresh.has(key)) this.#remove(key);
    }
    for (const [key, object] of fresh) this.#put(key, object);
    this.#metrics.size(this.#store.size);
    this.#hasSynced = true;
    this.#synced.open();
    return this.#changes - before;
  }

  #apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    const key = keyOf(object);
    if (type === 'DELETED') this.#remove(key);
    else this.#put(key, this.#trim(object));
    this.#metrics.size(this.#store.size);
  }

  #put(key: string, object: T): void {
    const old = this.#store.get(key);
    if (old === object) return;
    this.#store.set(key, object);
    if (old === undefined) this.#notify({ type: 'added', key, old, new: object });
    else if (!isSameVersion(old, object)) this.#notify({ type: 'updated', key, old, new: object });
  }

  #remove(key: string): void {
    const old = this.#store.delete(key);
    if (old !== undefined) this.#notify({ type: 'deleted', key, old, new: undefined });
  }

  #trim(raw: T): T {
    const kept = this.#transform(trimObject(raw, this.#apiVersion, this.#options.type.kind));
    this.#pool.share(kept);
    return kept;
  }

  #transform(trimmed: T): T {
    try {
      return this.#options.transform?.(trimmed) ?? trimmed;
    } catch (error) {
      this.#log.error({ err: error, key: keyOf(trimmed) }, 'the transform of a cached object failed; it is kept whole');
      return trimmed;
    }
  }

  #notify(change: Change<T>): void {
    this.#changes++;
    try {
      this.#options.onChange?.(change);
    } catch (error) {
      this.#log.error({ err: error, key: change.key }, 'a change handler failed; the change is not handled');
    }
  }
}

function isSameVersion(a: CachedObject, b: CachedObject): boolean {
  return a.metadata.resourceVersion !== undefined && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
