interface Entry {
  readonly key: string;
  readonly dueMs: number;
}

/** Keys that wait for their time, each at most once, at the earliest time asked for. A binary heap; entries that an earlier time replaced are skipped when met. */
export class DelayHeap {
  #heap: Entry[] = [];
  readonly #due = new Map<string, number>();

  /** Keys that wait. */
  get size(): number {
    return this.#due.size;
  }

  /** Lets `key` fall due at `dueMs`, unless it does so earlier already. */
  add(key: string, dueMs: number): void {
    const known = this.#due.get(key);
    if (known !== undefined && known <= dueMs) return;
    this.#due.set(key, dueMs);
    this.#push({ key, dueMs });
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#due.size) this.#compact();
  }

  /** Takes `key` out. */
  delete(key: string): void {
    this.#due.delete(key);
  }

  /** When the next key falls due; undefined when none waits. */
  nextDueMs(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.dueMs;
  }

  /** Takes out one key that is due at `nowMs`. */
  takeDue(nowMs: number): string | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#pop();
    this.#due.delete(first.key);
    return first.key;
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#due.get(first.key) === first.dueMs) return;
      this.#pop();
    }
  }

  #compact(): void {
    const live = [...this.#due].map(([key, dueMs]) => ({ key, dueMs }));
    this.#heap = live.sort((a, b) => a.dueMs - b.dueMs); // a sorted array is a heap
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.dueMs <= entry.dueMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      const below = heap[child];
      if (below === undefined || below.dueMs >= last.dueMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }

  #smallerChild(at: number): number {
    const left = 2 * at + 1;
    const a = this.#heap[left];
    const b = this.#heap[left + 1];
    return a !== undefined && b !== undefined && b.dueMs < a.dueMs ? left + 1 : left;
  }
}
