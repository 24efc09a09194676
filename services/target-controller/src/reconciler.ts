/** Target-controller keeps every BackupTarget's condition and its set of mirrored objects true. */
import { ANNOTATION_TRACEPARENT, FINALIZER, resources } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';
import { addFinalizer, isConflict, patchStatus, splitKey } from '@mooring/runtime';
import type { Outcome, ReconcileContext } from '@mooring/runtime';
import { traceparent, withRemoteParent, withSpan } from '@mooring/telemetry';
import { recordSync } from './metrics.ts';
import { isGoingAway } from './mirror-failure.ts';
import type { Parts } from './parts.ts';
import { attemptKey, judgeGate, retryDelayMs } from './policies.ts';
import { inputsOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { eventsOf, settleTarget } from './status.ts';
import type { SyncOutcome } from './status.ts';
import { releaseTarget } from './steps/release-target.ts';
import { syncTarget } from './steps/sync-target.ts';

/** Attempts to write a status against other writers of the target. */
const MAX_STATUS_ATTEMPTS = 5;

/** Between a sync and one that its own end makes due (the store is slower than its poll interval). Requests do not wait: they are events. */
const MIN_SYNC_GAP_MS = 250;

/** First pause while objects are being deleted that must be created again; it doubles up to 30 s. */
const TERMINATING_RETRY_MS = 500;
const TERMINATING_RETRY_CAP_MS = 30_000;

/** What is remembered of a target that failed. Losing it costs one more try and at most one more write. */
interface Failure {
  readonly attempt: string;
  readonly failures: number;
  /** Monotonic. */
  readonly notBeforeMs: number;
  /** Wall clock of the last status write that told of it; undefined when none was needed. */
  readonly writtenAtMs: number | undefined;
}

/** Reconciles targets by key; the queue never runs one key twice at once. */
export class TargetReconciler {
  readonly #parts: Parts;
  readonly #failures = new Map<string, Failure>();
  /** Targets of which an object asks to be read again. Losing it costs nothing: the object asks again at the next start. */
  readonly #requested = new Set<string>();
  readonly #running = new Map<string, { readonly abort: AbortController; readonly inputs: string }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One pass: deleted → release; not due → wait for the next poll; due → sync, then one status write. */
  async reconcile(key: string, context: ReconcileContext): Promise<Outcome> {
    const cached = this.#parts.caches.targets.getByKey(key);
    if (cached === undefined) return this.#forget(key);
    if (!cached.metadata.deletionTimestamp) {
      const pauseMs = this.#pauseMs(key, cached);
      if (pauseMs !== 0) {
        await this.#claim(cached);
        return { result: 'done', requeueAfterMs: pauseMs };
      }
    }
    const target = await this.#read(key);
    if (target === undefined) return this.#forget(key);
    if (target.metadata.deletionTimestamp) return this.#release(key, target);
    // The cache may be a moment old: whether a sync is due is decided on what was read live.
    const pauseMs = this.#pauseMs(key, target);
    if (pauseMs !== 0) return { result: 'done', requeueAfterMs: pauseMs };
    return this.#syncUnlessAborted(key, target, context);
  }

  /**
   * Ends a running sync that has become pointless: the target is deleted, or its URL or Secret changed. MUST be called when the caches
   * change; the key is enqueued by the caller.
   */
  interrupt(key: string): void {
    const running = this.#running.get(key);
    if (running === undefined) return;
    const target = this.#parts.caches.targets.getByKey(key);
    const isStale =
      target === undefined ||
      Boolean(target.metadata.deletionTimestamp) ||
      inputsOf(this.#parts, target) !== running.inputs;
    if (isStale) running.abort.abort(new Error('the target has changed'));
  }

  /** Makes the next pass over `key` a sync, though the gate is closed. */
  request(key: string): void {
    this.#requested.add(key);
  }

  /** 0: sync now; undefined: nothing to wait for. */
  #pauseMs(key: string, target: BackupTarget): number | undefined {
    const inputs = inputsOf(this.#parts, target);
    const verdict = judgeGate(target, inputs, this.#parts.clock.now());
    if (!verdict.due && !this.#requested.has(key)) return verdict.nextPollInMs;
    const failure = this.#failures.get(key);
    if (failure?.attempt !== attemptKey(target, inputs)) return 0;
    return Math.max(0, failure.notBeforeMs - this.#parts.clock.monotonic());
  }

  async #syncUnlessAborted(key: string, target: BackupTarget, context: ReconcileContext): Promise<Outcome> {
    const inputs = inputsOf(this.#parts, target);
    const abort = new AbortController();
    this.#running.set(key, { abort, inputs });
    try {
      const signal = AbortSignal.any([context.signal, abort.signal]);
      return await this.#trace(target, () => this.#sync(key, { target, inputs, signal }));
    } catch (error) {
      if (isGoingAway(error)) return { result: 'done' };
      if (!abort.signal.aborted) throw error;
      // Whoever changed the target has enqueued it; the new try must not wait for the old one's backoff.
      this.#failures.delete(key);
      return { result: 'done', requeueAfterMs: 0 };
    } finally {
      this.#running.delete(key);
    }
  }

  async #sync(key: string, start: Pick<Scope, 'target' | 'inputs' | 'signal'>): Promise<Outcome> {
    const { clock } = this.#parts;
    const target = await this.#claim(start.target);
    if (target === undefined) return { result: 'done', requeueAfterMs: 0 };
    const scope: Scope = {
      ...start,
      target,
      parts: this.#parts,
      startedAtMs: clock.now(),
      traceparent: traceparent(),
      record: async (outcome) => {
        scope.target = await this.#record(key, scope, outcome);
      },
    };
    const outcome = await syncTarget(scope);
    recordSync(outcome.kind);
    await scope.record(outcome);
    return this.#follow(key, scope, outcome);
  }

  /** Puts our finalizer on, which an uninstall may have taken off; undefined when the target is gone. */
  #claim(object: BackupTarget): Promise<BackupTarget | undefined> {
    const { client } = this.#parts;
    return addFinalizer({ client, type: resources.backupTargets, object, finalizer: FINALIZER });
  }

  /** One trace from the request that changed the spec; a poll is a trace of its own. */
  #trace<T>(target: BackupTarget, run: () => Promise<T>): Promise<T> {
    const { generation, annotations, name } = target.metadata;
    const isAsked = generation !== target.status?.observedGeneration;
    const parent = isAsked ? annotations?.[ANNOTATION_TRACEPARENT] : undefined;
    return withRemoteParent(parent, () => withSpan('target.sync', { 'mooring.target': name }, run));
  }

  /** Writes what the outcome makes of the status, if that is anything new. A newer object is read and decided on again. */
  async #record(key: string, scope: Pick<Scope, 'target' | 'inputs'>, outcome: SyncOutcome): Promise<BackupTarget> {
    const { client, clock, events } = this.#parts;
    const { target } = scope;
    let current = target;
    for (let attempt = 1; ; attempt++) {
      const context = { nowMs: clock.now(), failureWrittenAtMs: this.#failureWrittenAt(key, scope) };
      const status = settleTarget(current, outcome, context);
      try {
        const written = await patchStatus(client, resources.backupTargets, current, { ...current, status });
        if (written !== current) this.#noteFailure(key, outcome, context.nowMs);
        for (const event of eventsOf(current.status, status)) events.record(current, event);
        return written;
      } catch (error) {
        if (!isConflict(error) || attempt >= MAX_STATUS_ATTEMPTS) throw error;
      }
      const newest = await this.#read(key);
      const isSame = newest !== undefined && newest.metadata.uid === target.metadata.uid && sameInputs(newest, target);
      if (!isSame)
        throw new TargetChanged('failed to write the status of the target: it was changed while it was synced');
      current = newest;
    }
  }

  /** When a failure of this very attempt was told. To whoever changed the Secret or asked again, an earlier one's message would be a lie. */
  #failureWrittenAt(key: string, { target, inputs }: Pick<Scope, 'target' | 'inputs'>): number | undefined {
    const failure = this.#failures.get(key);
    return failure?.attempt === attemptKey(target, inputs) ? failure.writtenAtMs : undefined;
  }

  #noteFailure(key: string, outcome: SyncOutcome, nowMs: number): void {
    if (outcome.kind !== 'failed' && outcome.kind !== 'incomplete') return;
    const known = this.#failures.get(key);
    const base = known ?? { attempt: '', failures: 0, notBeforeMs: 0 };
    this.#failures.set(key, { ...base, writtenAtMs: nowMs });
  }

  #follow(key: string, scope: Scope, outcome: SyncOutcome): Outcome {
    const { clock } = this.#parts;
    switch (outcome.kind) {
      case 'synced': {
        this.#failures.delete(key);
        this.#requested.delete(key);
        const verdict = judgeGate(scope.target, scope.inputs, clock.now());
        return { result: 'done', requeueAfterMs: verdict.due ? MIN_SYNC_GAP_MS : verdict.nextPollInMs };
      }
      // Both end when an object changes, which enqueues the key.
      case 'no-url':
      case 'duplicate':
        this.#failures.delete(key);
        return { result: 'done' };
      default:
        return { result: 'done', requeueAfterMs: this.#backOff(key, scope, outcome) };
    }
  }

  #backOff(key: string, scope: Scope, outcome: SyncOutcome): number {
    const { clock, log, random } = this.#parts;
    const attempt = attemptKey(scope.target, scope.inputs);
    const known = this.#failures.get(key);
    const failures = known?.attempt === attempt ? known.failures + 1 : 1;
    const isTerminating = outcome.kind === 'incomplete' && outcome.reason === 'Terminating';
    const delayMs = isTerminating
      ? Math.min(TERMINATING_RETRY_MS * 2 ** Math.min(failures - 1, 16), TERMINATING_RETRY_CAP_MS)
      : retryDelayMs(scope.target, failures, random());
    const notBeforeMs = clock.monotonic() + delayMs;
    this.#failures.set(key, { attempt, failures, notBeforeMs, writtenAtMs: known?.writtenAtMs });
    const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
    log.info(
      { target: scope.target.metadata.name, reason, failures, delayMs },
      'the target is not synced; it is tried again',
    );
    return delayMs;
  }

  async #read(key: string): Promise<BackupTarget | undefined> {
    return await this.#parts.client.find<BackupTarget>(resources.backupTargets, splitKey(key));
  }

  async #release(key: string, target: BackupTarget): Promise<Outcome> {
    await releaseTarget(this.#parts, target);
    this.#parts.stores.forget(target);
    return this.#forget(key);
  }

  #forget(key: string): Outcome {
    this.#failures.delete(key);
    this.#requested.delete(key);
    return { result: 'done' };
  }
}

/** The object is not what the pass began with; the pass runs again. */
class TargetChanged extends Error {
  override readonly name = 'TargetChanged';
  readonly kind = 'conflict';
}

function sameInputs(a: BackupTarget, b: BackupTarget): boolean {
  return a.spec.backupTargetURL === b.spec.backupTargetURL && a.spec.credentialSecret === b.spec.credentialSecret;
}
