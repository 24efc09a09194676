/** Maps keys of a destination to keys of its bucket and back: the destination's prefix is put before them. */
export class KeySpace {
  readonly #prefix: string;

  /** `prefix` as `parseDestination` gives it: no slashes at its ends, `''` for the bucket's root. */
  constructor(prefix: string) {
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** `backupstore/x` → `<prefix>/backupstore/x`. */
  toStore(key: string): string {
    return this.#prefix + key;
  }

  /** The reverse; a key outside of the prefix (a server that ignores it) comes back with a leading `/`, which no key has. */
  fromStore(key: string): string {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : `/${key}`;
  }
}
