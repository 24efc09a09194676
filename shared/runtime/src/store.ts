/** Gives the values under which an object is found in an index; none leaves it out. MUST be pure. */
export type Indexer<T> = (object: T) => readonly string[];

/** Objects by key, and keys by index value. Indexes follow every change; nothing is kept for values without objects. */
export class Store<T> {
  #objects = new Map<string, T>();
  readonly #indexers: ReadonlyMap<string, Indexer<T>>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#indexers = new Map(Object.entries(indexers));
    for (const name of this.#indexers.keys()) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** Puts an object and gives the one it replaces. */
  set(key: string, object: T): T | undefined {
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const [name, indexer] of this.#indexers) {
      const before = old === undefined ? [] : indexer(old);
      const after = indexer(object);
      if (!sameValues(before, after)) this.#reindex(name, key, { before, after });
    }
    return old;
  }

  /** Removes an object and gives it. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    for (const [name, indexer] of this.#indexers) this.#reindex(name, key, { before: indexer(old), after: [] });
    return old;
  }

  /** Keys under a value of an index. Throws RangeError when there is no such index: a programming error. */
  keysByIndex(index: string, value: string): ReadonlySet<string> {
    const values = this.#indexes.get(index);
    if (values === undefined)
      throw new RangeError(`failed to read index '${index}': there is none of that name; declare it in indexers`);
    return values.get(value) ?? NO_KEYS;
  }

  /** Objects under a value of an index. */
  byIndex(index: string, value: string): T[] {
    const found: T[] = [];
    for (const key of this.keysByIndex(index, value)) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  #reindex(name: string, key: string, change: { before: readonly string[]; after: readonly string[] }): void {
    const { before, after } = change;
    const values = this.#indexes.get(name) ?? new Map<string, Set<string>>();
    for (const value of before) {
      const keys = values.get(value);
      keys?.delete(key);
      if (keys?.size === 0) values.delete(value);
    }
    for (const value of after) {
      const keys = values.get(value);
      if (keys === undefined) values.set(value, new Set([key]));
      else keys.add(key);
    }
  }
}

const NO_KEYS: ReadonlySet<string> = new Set<string>();

function sameValues(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
