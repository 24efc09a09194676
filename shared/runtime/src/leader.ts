import { sleep, systemClock, type Clock, type Timer } from './clock.ts';
import { coreResources } from './core-resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import type { KubeClient, WriteFence } from './kube-client.ts';
import { claimedSpec, isSameTerm, releasedSpec, type Lease, type LeaseSpec } from './lease.ts';
import { noLog, noMetrics, type Gauge, type Log, type Metrics } from './observe.ts';

/** How a leader is elected. The three times are client-go's: 15, 10 and 2 s. */
export interface LeaderElectorOptions {
  /** Unfenced: the elector's own writes are what makes the fence. */
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Lease's name. */
  readonly name: string;
  /** This process, unlike any other that runs at the same time. With the same identity as the last holder the lease is taken at once. */
  readonly identity: string;
  /** Called once, when the lease is ours. */
  readonly onStarted: () => void;
  /** Called once, when it was ours and is not any more, except by `stop`. The process MUST exit: what it has in memory is no longer true. */
  readonly onLost: (reason: string) => void;
  /** After so long without a renewal others may take it. Default 15,000. */
  readonly leaseDurationMs?: number | undefined;
  /** After so long without a renewal we give up. MUST be below the duration: the difference is for writes on their way. Default 10,000. */
  readonly renewDeadlineMs?: number | undefined;
  /** Between two attempts. Default 2,000. */
  readonly retryPeriodMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/**
 * Leader election on a Lease, by client-go's rules:
 *
 *     waiting ──free, or unchanged for its duration──→ leading ──no renewal for 10 s, or another holder──→ lost (onLost)
 *        │                                                │
 *        └──── stop, withdraw ──→ stopped ←──── stop ─────┘ (a held lease is released)
 *
 * Whether the other holder is alive is judged by our own monotonic clock since its last change, never by its timestamps.
 * It is a WriteFence: `client.fenced(elector)`.
 */
export class LeaderElector implements WriteFence {
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #gauge: Gauge;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  readonly #stopped = new AbortController();
  #lease: Lease | undefined;
  #hasClaimed = false;
  #observedAt = -Infinity;
  #renewedAt = -Infinity;
  #state: 'waiting' | 'leading' | 'lost' | 'stopped' = 'waiting';
  #deadline: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? noLog;
    this.#gauge = (options.metrics ?? noMetrics).gauge('mooring_leader');
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    if (this.#renewDeadlineMs >= this.#leaseDurationMs)
      throw new RangeError('renewDeadlineMs must be below leaseDurationMs');
    this.#gauge.set(0, { lease: options.name });
  }

  /** True while the lease is ours and was renewed within the renew deadline: new writes may begin. */
  isLeader(): boolean {
    return this.#state === 'leading' && this.#clock.monotonic() - this.#renewedAt < this.#renewDeadlineMs;
  }

  /** How long until another process may take the lease, milliseconds; ≤ 0 when it may now. Writes on their way MUST end within it. */
  validForMs(): number {
    return this.#state === 'leading' ? this.#renewedAt + this.#leaseDurationMs - this.#clock.monotonic() : 0;
  }

  /** `waiting` for the lease, `leading`, `lost` or `stopped`. */
  get state(): 'waiting' | 'leading' | 'lost' | 'stopped' {
    return this.#state;
  }

  /** Begins to try for the lease. Calling it again does nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the candidacy of a process that is about to stop, so that it does not become the leader meanwhile. A held lease stays held. */
  async withdraw(): Promise<void> {
    if (this.#state === 'waiting') await this.stop();
  }

  /** Ends the election and, if the lease is ours, releases it. MUST be called after the last write: another process may take it at once. */
  async stop(): Promise<void> {
    const wasLost = this.#state === 'lost';
    this.#end('stopped');
    await this.#running;
    // Also when the answer to a claim came only now: nobody else could take the lease until it runs out.
    if (this.#hasClaimed && !wasLost) await this.#release();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (this.#state === 'waiting' || this.#state === 'leading') {
      const startedAt = this.#clock.monotonic();
      const isHeld = await this.#try();
      if (isHeld) this.#renewed(startedAt);
      else if (this.#state === 'leading' && this.#heldByOther()) this.#lose('another process holds the lease');
      // Candidates spread out, so that they do not all ask at the same moments; the holder keeps time.
      const jitter = this.#state === 'leading' ? 1 : 1 + Math.random();
      await sleep(this.#clock, this.#retryPeriodMs * jitter, signal);
    }
  }

  #renewed(startedAt: number): void {
    if (this.#state !== 'waiting' && this.#state !== 'leading') return;
    // From the request's start: when the server stored it is not known, and earlier is the safe side.
    this.#renewedAt = startedAt;
    this.#deadline?.cancel();
    const leftMs = startedAt + this.#renewDeadlineMs - this.#clock.monotonic();
    this.#deadline = this.#clock.setTimeout(() => this.#lose('the lease could not be renewed in time'), leftMs);
    if (this.#state === 'leading') return;
    this.#state = 'leading';
    this.#gauge.set(1, { lease: this.#options.name });
    this.#log.info({ lease: this.#options.name, identity: this.#options.identity }, 'this process leads');
    this.#options.onStarted();
  }

  #lose(reason: string): void {
    if (this.#state !== 'leading') return;
    this.#end('lost');
    this.#log.error({ lease: this.#options.name, identity: this.#options.identity, reason }, 'the lease is lost');
    this.#options.onLost(reason);
  }

  #end(state: 'lost' | 'stopped'): void {
    if (this.#state === 'lost') return;
    this.#state = state;
    this.#deadline?.cancel();
    this.#gauge.set(0, { lease: this.#options.name });
    this.#stopped.abort();
  }

  #heldByOther(): boolean {
    const holder = this.#lease?.spec?.holderIdentity ?? '';
    return holder !== '' && holder !== this.#options.identity;
  }

  /** One attempt to take or renew. Never rejects. */
  async #try(): Promise<boolean> {
    const isRenewal = this.#state === 'leading' && this.#lease !== undefined && !this.#heldByOther();
    try {
      return await this.#takeOrRenew(!isRenewal);
    } catch (error) {
      if (!isRace(error)) return this.#notNow(error);
    }
    // Somebody was faster, or the Lease is gone, or it was our own write whose answer got lost: once more, from what is there now.
    return this.#takeOrRenew(true).catch((error: unknown) => this.#notNow(error));
  }

  async #takeOrRenew(readFirst: boolean): Promise<boolean> {
    if (readFirst) await this.#read();
    if (this.#heldByOther() && !this.#isExpired()) return false;
    await this.#claim();
    return true;
  }

  #notNow(error: unknown): false {
    const fields = { err: error, lease: this.#options.name, state: this.#state };
    if (isConflict(error) || isAlreadyExists(error)) this.#log.debug(fields, 'another process was faster at the lease');
    else this.#log.warn(fields, 'the lease could not be read or written; trying again');
    return false;
  }

  async #read(): Promise<void> {
    const { client, namespace, name } = this.#options;
    const lease = await client.find<Lease>(coreResources.leases, { namespace, name }, this.#call());
    if (lease !== undefined && (this.#lease === undefined || !isSameTerm(this.#lease.spec, lease.spec)))
      this.#observedAt = this.#clock.monotonic();
    this.#lease = lease;
  }

  #isExpired(): boolean {
    const durationMs = (this.#lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#clock.monotonic() - this.#observedAt >= durationMs;
  }

  /** Writes our claim; the resourceVersion makes the API server refuse it when anybody wrote since we read. */
  async #claim(): Promise<void> {
    const { identity } = this.#options;
    const spec = claimedSpec(this.#lease?.spec, {
      identity,
      durationMs: this.#leaseDurationMs,
      nowMs: this.#clock.now(),
    });
    this.#lease = await this.#write(spec);
    this.#hasClaimed = true;
    this.#observedAt = this.#clock.monotonic();
  }

  #write(spec: LeaseSpec): Promise<Lease> {
    const { client, namespace, name } = this.#options;
    if (this.#lease !== undefined) {
      const lease: Lease = { ...this.#lease, spec };
      return client.replace<Lease>(coreResources.leases, lease, this.#call());
    }
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec };
    return client.create<Lease>(coreResources.leases, lease, this.#call());
  }

  async #release(): Promise<void> {
    this.#hasClaimed = false;
    if (this.#heldByOther() || this.#lease === undefined) return;
    try {
      await this.#write(releasedSpec(this.#lease.spec, this.#clock.now()));
      this.#log.info({ lease: this.#options.name }, 'the lease is released');
    } catch (error) {
      this.#log.warn(
        { err: error, lease: this.#options.name },
        'the lease could not be released; it runs out by itself',
      );
    }
  }

  /** Two attempts fit into the renew deadline. */
  #call(): { timeoutMs: number } {
    return { timeoutMs: this.#renewDeadlineMs / 2 };
  }
}

function isRace(error: unknown): boolean {
  return isConflict(error) || isAlreadyExists(error) || isNotFound(error);
}
