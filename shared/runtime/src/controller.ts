import { systemClock, type Clock } from './clock.ts';
import { noLog, noMetrics, type Counter, type Histogram, type Log, type Metrics } from './observe.ts';
import { errorFacts, type Outcome } from './outcome.ts';
import { WorkQueue } from './work-queue.ts';

/** What a reconcile pass gets besides its key. */
export interface ReconcileContext {
  /** Aborts when the pass takes too long, the controller stops, or the lease is lost. Its reason says which. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Failures of this key in a row before this pass. */
  readonly retries: number;
}

/** A controller's parts and limits. */
export interface ControllerOptions {
  /** Kebab-case; label of metrics and logs. */
  readonly name: string;
  /** Makes the world as the object `namespace/name` says. Called for one key at most once at a time; MUST be repeatable. */
  readonly reconcile: (key: string, context: ReconcileContext) => Promise<Outcome>;
  /** Keys of one lane share `laneConcurrency`: name the backup target, so that a bad one delays only itself. */
  readonly lane?: ((key: string) => string) | undefined;
  /** Default 4. */
  readonly laneConcurrency?: number | undefined;
  /** All lanes together; a limit here lets enough bad lanes hold up good ones. Default: none. */
  readonly concurrency?: number | undefined;
  /** A pass is aborted after so long. Default 600,000 (ten minutes). */
  readonly reconcileTimeoutMs?: number | undefined;
  /** First and longest delay of a failing key. Default 5 and 300,000 ms. */
  readonly baseDelayMs?: number | undefined;
  readonly maxDelayMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly metrics?: Metrics | undefined;
  readonly log?: Log | undefined;
}

/** Time that running passes get at `stop` before their signals abort. */
const DEFAULT_GRACE_MS = 10_000;

/** Runs one reconcile function over keys: deduplicated, in lanes, with backoff, for ever. Keys may be enqueued before `start`. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue: WorkQueue;
  readonly #results: Counter;
  readonly #seconds: Histogram;
  readonly #running = new Map<string, AbortController>();
  #isStarted = false;
  #stopping: Promise<void> | undefined;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? noLog;
    const metrics = options.metrics ?? noMetrics;
    this.#results = metrics.counter('mooring_reconcile_total');
    this.#seconds = metrics.histogram('mooring_reconcile_seconds');
    this.#queue = new WorkQueue({
      name: options.name,
      clock: this.#clock,
      metrics,
      lane: options.lane,
      laneConcurrency: options.laneConcurrency ?? 4,
      baseDelayMs: options.baseDelayMs,
      maxDelayMs: options.maxDelayMs ?? 300_000,
      onReady: () => this.#pump(),
    });
  }

  /** Asks for a pass over `key`, soon. */
  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** Asks for a pass over `key` after `ms` milliseconds; of several times the earliest counts. */
  enqueueAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms);
  }

  /** Keys that are ready, and passes that run. */
  get load(): { ready: number; running: number } {
    return { ready: this.#queue.length, running: this.#running.size };
  }

  /** Begins to run passes. Call it when every informer the passes read is synced. Does nothing after `stop`. */
  start(): void {
    if (this.#stopping !== undefined) return;
    this.#isStarted = true;
    this.#pump();
  }

  /** Starts no more passes, gives running ones `graceMs`, then aborts them; resolves when all have ended. Queued keys are dropped: the next start lists everything anyway. */
  stop(graceMs = DEFAULT_GRACE_MS): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    this.#isStarted = false;
    this.#queue.shutDown();
    const abortAll = (): void => {
      for (const pass of this.#running.values()) pass.abort(new Error('the controller stops'));
    };
    if (graceMs <= 0) abortAll();
    const timer = this.#clock.setTimeout(abortAll, graceMs);
    await Promise.allSettled(this.#passes);
    timer.cancel();
  }

  readonly #passes = new Set<Promise<void>>();

  #pump(): void {
    const limit = this.#options.concurrency ?? Infinity;
    while (this.#isStarted && this.#running.size < limit) {
      const key = this.#queue.tryGet();
      if (key === undefined) return;
      const pass = this.#process(key);
      this.#passes.add(pass);
      void pass.finally(() => this.#passes.delete(pass));
    }
  }

  async #process(key: string): Promise<void> {
    const abort = new AbortController();
    this.#running.set(key, abort);
    const startedAt = this.#clock.monotonic();
    const timeoutMs = this.#options.reconcileTimeoutMs ?? 600_000;
    const timer = this.#clock.setTimeout(
      () => abort.abort(new Error(`the pass took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    const outcome = await this.#reconcile(key, abort.signal);
    timer.cancel();
    this.#running.delete(key);
    this.#seconds.record((this.#clock.monotonic() - startedAt) / 1000, { controller: this.name });
    this.#follow(key, outcome);
    this.#queue.done(key);
  }

  /** Never rejects. */
  async #reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const context = { signal, log: this.#log, retries: this.#queue.numRequeues(key) };
      return await this.#options.reconcile(key, context);
    } catch (error) {
      return { result: 'retry', error };
    }
  }

  #follow(key: string, outcome: Outcome): void {
    if (outcome.result === 'done') {
      this.#queue.forget(key);
      if (outcome.requeueAfterMs !== undefined) this.#queue.addAfter(key, outcome.requeueAfterMs);
      this.#count('done');
      return;
    }
    const { kind, reason, retryAfterMs } = errorFacts(outcome.error);
    this.#count(kind ?? 'error');
    const delayMs = Math.round(this.#queue.addRateLimited(key, retryAfterMs));
    const fields = { key, kind, reason, delayMs, retries: this.#queue.numRequeues(key), err: outcome.error };
    if (kind === 'conflict' || !this.#isStarted)
      this.#log.debug(fields, 'the pass met a newer object or was stopped; it runs again');
    else if (kind === undefined) this.#log.error(fields, 'the pass failed unexpectedly; it runs again');
    else this.#log.warn(fields, 'the pass failed; it runs again');
  }

  #count(result: string): void {
    this.#results.add(1, { controller: this.name, result });
  }
}
