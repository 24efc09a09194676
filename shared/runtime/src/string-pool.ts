/** Values of one member, e.g. all `backup-target` labels. */
interface Pool {
  readonly values: Map<string, string>;
  tries: number;
  hits: number;
}

/** Shorter texts are shared by V8's JSON parser already. */
const MIN_LENGTH = 11;
/** Longer texts are rarely equal, and comparing them costs. */
const MAX_LENGTH = 256;
/** Different values kept of one member. */
const MAX_VALUES = 4_096;
/** Members looked at; further ones (labels with unique names) are left alone. */
const MAX_MEMBERS = 512;
/** Deeper objects are left alone: no schema of ours goes so deep, and a cycle would not end. */
const MAX_DEPTH = 16;
/** After so many tries a member whose values are mostly different (names, uids) is left alone. */
const TRIAL = 256;

/**
 * Lets equal texts in different objects be one text in memory: namespaces, label values, owners, types and reasons of conditions.
 * JSON.parse makes a new one each time. Saves a quarter of 20,000 Backups at 2 KiB each (test/bench/reflector.bench.ts, 2026-11-21); bounded.
 */
export class StringPool {
  readonly #pools = new Map<string, Pool | null>();

  /** Replaces texts in `value` and everything below by pooled ones, in place; what is frozen is left alone. */
  share(value: object, depth = 0): void {
    if (depth > MAX_DEPTH || Object.isFrozen(value)) return;
    if (Array.isArray(value)) this.#shareList(value as unknown[], depth);
    else this.#shareMembers(value as Record<string, unknown>, depth);
  }

  #shareList(list: unknown[], depth: number): void {
    for (const [index, item] of list.entries()) {
      if (typeof item === 'string') list[index] = this.#pooled('[]', item);
      else if (typeof item === 'object' && item !== null) this.share(item, depth + 1);
    }
  }

  #shareMembers(object: Record<string, unknown>, depth: number): void {
    for (const key in object) {
      const item = object[key];
      if (typeof item === 'string') {
        if (item.length >= MIN_LENGTH && item.length <= MAX_LENGTH) object[key] = this.#pooled(key, item);
      } else if (typeof item === 'object' && item !== null) this.share(item, depth + 1);
    }
  }

  #pooled(key: string, text: string): string {
    const pool = this.#poolOf(key);
    if (pool === null) return text;
    pool.tries++;
    const known = pool.values.get(text);
    if (known !== undefined) {
      pool.hits++;
      return known;
    }
    if (pool.tries > TRIAL && pool.hits * 2 < pool.tries) this.#pools.set(key, null);
    else if (pool.values.size < MAX_VALUES) pool.values.set(text, text);
    return text;
  }

  #poolOf(key: string): Pool | null {
    const pool = this.#pools.get(key);
    if (pool !== undefined) return pool;
    if (this.#pools.size >= MAX_MEMBERS) return null;
    const fresh = { values: new Map<string, string>(), tries: 0, hits: 0 };
    this.#pools.set(key, fresh);
    return fresh;
  }
}
