import { gate } from './gate.ts';
import { systemClock, type Clock, type Timer } from './clock.ts';
import { DelayHeap } from './delay-heap.ts';
import { Lanes } from './lanes.ts';
import { noMetrics, type Metrics } from './observe.ts';
import { queueMetrics, type QueueMetrics } from './queue-metrics.ts';
import { RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';

/** How a queue behaves. */
export interface WorkQueueOptions extends RateLimiterOptions {
  /** Label of the metrics. */
  readonly name?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: Metrics | undefined;
  /** The lane of a key, asked each time the key becomes ready. Default: one lane for all. */
  readonly lane?: ((key: string) => string) | undefined;
  /** Keys of one lane that may be out at once. Default: no limit. */
  readonly laneConcurrency?: number | undefined;
  /** Called whenever a key may have become available to `tryGet`. */
  readonly onReady?: (() => void) | undefined;
}

/**
 * A work queue of keys with client-go's guarantees:
 * - a key is never out twice at once; added while it is out, it comes again after `done`; added twice before, it comes once;
 * - no key is lost, and none is ever given up;
 * - failing keys come back later and later (`addRateLimited`, `forget`).
 *
 * A key's way: `add` → dirty → `get` (processing, no longer dirty) → `done`. Every `get` MUST be followed by `done`.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #metrics: QueueMetrics;
  readonly #limiter: RateLimiter;
  readonly #lanes: Lanes;
  readonly #laneOf: (key: string) => string;
  readonly #onReady: (() => void) | undefined;
  /** Keys that need work. */
  readonly #dirty = new Set<string>();
  /** Keys that are out, and their lanes. */
  readonly #processing = new Map<string, string>();
  readonly #delayed = new DelayHeap();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  readonly #drained = gate();
  #timer: { dueMs: number; handle: Timer } | undefined;
  #isShutDown = false;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#metrics = queueMetrics(options.metrics ?? noMetrics, options.name ?? 'queue', this.#clock);
    this.#limiter = new RateLimiter(this.#clock, options);
    this.#lanes = new Lanes(options.laneConcurrency ?? Infinity);
    this.#laneOf = options.lane ?? (() => '');
    this.#onReady = options.onReady;
  }

  /** Keys ready to be taken; those that are out or wait for their time do not count. */
  get length(): number {
    return this.#lanes.size;
  }

  /** Keys that are out. */
  get processing(): number {
    return this.#processing.size;
  }

  /** Keys that wait for their time. */
  get waiting(): number {
    return this.#delayed.size;
  }

  /** Marks `key` as needing work. After shutdown it does nothing. */
  add(key: string): void {
    if (this.#isShutDown || this.#dirty.has(key)) return;
    this.#metrics.added(key);
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#makeReady(key);
  }

  /** Adds `key` after `ms` milliseconds; of several times the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#isShutDown) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    this.#delayed.add(key, this.#clock.monotonic() + ms);
    this.#setTimer();
  }

  /** Adds `key` after its backoff and gives that delay, milliseconds. `atLeastMs`: what the other side asked for (Retry-After). */
  addRateLimited(key: string, atLeastMs = 0): number {
    const delayMs = Math.max(atLeastMs, this.#limiter.when(key));
    this.#metrics.retried();
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** `key` succeeded: its backoff starts anew. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** Failures of `key` in a row. */
  numRequeues(key: string): number {
    return this.#limiter.retries(key);
  }

  /** Takes the next key, waiting for one; undefined once the queue is shut down and empty. */
  get(): Promise<string | undefined> {
    const key = this.tryGet();
    if (key !== undefined || this.#isOver()) return Promise.resolve(key);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Takes the next key if there is one. */
  tryGet(): string | undefined {
    const next = this.#lanes.take();
    if (next === undefined) return undefined;
    this.#processing.set(next.key, next.lane);
    this.#dirty.delete(next.key);
    this.#metrics.taken(next.key, this.#lanes.size);
    return next.key;
  }

  /** The work on `key` is over, well or badly. If it was added meanwhile it becomes ready again. */
  done(key: string): void {
    const lane = this.#processing.get(key);
    if (lane === undefined) return;
    this.#processing.delete(key);
    this.#lanes.release(lane);
    if (this.#dirty.has(key)) this.#makeReady(key);
    else this.#wake();
    this.#checkDrained();
  }

  /** Takes no more keys and drops those that wait for their time. Ready keys are still given out. */
  shutDown(): void {
    this.#isShutDown = true;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    this.#wake();
    this.#checkDrained();
  }

  /** As `shutDown`, and resolves when every ready key was taken and is done. */
  shutDownWithDrain(): Promise<void> {
    this.shutDown();
    return this.#drained.opened;
  }

  #makeReady(key: string): void {
    this.#lanes.push(this.#laneOf(key), key);
    this.#metrics.depth(this.#lanes.size);
    this.#wake();
  }

  #wake(): void {
    while (this.#waiters.length > 0) {
      const key = this.tryGet();
      if (key === undefined && !this.#isOver()) break;
      this.#waiters.shift()?.(key);
    }
    this.#onReady?.();
  }

  #isOver(): boolean {
    return this.#isShutDown && this.#lanes.size === 0;
  }

  #checkDrained(): void {
    if (this.#isOver() && this.#processing.size === 0) this.#drained.open();
  }

  /** One timer, for the earliest key. */
  #setTimer(): void {
    const dueMs = this.#delayed.nextDueMs();
    if (dueMs === undefined || (this.#timer !== undefined && this.#timer.dueMs <= dueMs)) return;
    this.#timer?.handle.cancel();
    const handle = this.#clock.setTimeout(() => this.#releaseDue(), dueMs - this.#clock.monotonic());
    this.#timer = { dueMs, handle };
  }

  #releaseDue(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonic();
    for (let key = this.#delayed.takeDue(nowMs); key !== undefined; key = this.#delayed.takeDue(nowMs)) this.add(key);
    this.#setTimer();
  }
}
