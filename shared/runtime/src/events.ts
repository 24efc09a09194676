import { randomBytes } from 'node:crypto';
import type { Reason } from '@mooring/api';
import { redactText } from '@mooring/telemetry';
import { systemClock, type Clock } from './clock.ts';
import { coreResources } from './core-resources.ts';
import { ApiError, isNotFound } from './errors.ts';
import { EventCorrelator, type EventDecision, type Series } from './event-correlator.ts';
import type { KubeClient } from './kube-client.ts';
import { noLog, noMetrics, type Counter, type Log, type Metrics } from './observe.ts';

/** What an event is about. `apiVersion` and `kind` are set on everything an informer gives. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** What happened. `reason` is that of the condition it belongs to. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly message: string;
}

/** What a recorder is made with. */
export interface EventRecorderOptions {
  /** Fenced, where there is a leader: a process that lost its lease says nothing more. */
  readonly client: KubeClient;
  /** `source.component`, e.g. `mooring-target-controller`. */
  readonly component: string;
  /** This process: `reportingInstance`. */
  readonly instance?: string | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

interface KnownEvent {
  readonly namespace: string;
  readonly name: string;
}

/** Events that wait to be sent; more would only be old news. */
const MAX_QUEUED = 1_000;
/** The API server refuses longer messages (validation of core/v1 Event), characters. */
const MAX_MESSAGE_LENGTH = 1_024;
/** An event is not worth longer. */
const SEND_TIMEOUT_MS = 10_000;

/**
 * Records Kubernetes Events on objects, in their namespace (`default` for cluster-wide ones). `record` returns at once and never
 * fails: events are sent one by one in the background, joined as client-go does (count, ten-minute window), and dropped when there are too many.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #results: Counter;
  readonly #correlator: EventCorrelator<KnownEvent>;
  readonly #queue: { subject: EventSubject; note: EventNote }[] = [];
  #sending: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? noLog;
    this.#correlator = new EventCorrelator(this.#clock);
    const metrics = options.metrics ?? noMetrics;
    this.#results = metrics.counter('mooring_events_total');
  }

  /** Notes what happened to `subject`. Secrets and query strings are taken out of the message. */
  record(subject: EventSubject, note: EventNote): void {
    if (this.#queue.length >= MAX_QUEUED) {
      this.#count('dropped');
      return;
    }
    this.#queue.push({ subject: reference(subject), note });
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when everything recorded so far is sent or given up. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#send(next.subject, next.note);
    }
    this.#sending = undefined;
  }

  /** Never rejects. */
  async #send(subject: EventSubject, note: EventNote): Promise<void> {
    try {
      const message = redactText(note.message);
      const uid = subject.metadata.uid ?? `${subject.metadata.namespace ?? ''}/${subject.metadata.name}`;
      const decision = this.#correlator.decide({ uid, type: note.type, reason: note.reason, message });
      await this.#write(subject, { ...note, message }, decision);
      this.#count(decision.action);
    } catch (error) {
      this.#count('failed');
      // A namespace that is being deleted takes no new events: nothing is wrong.
      const isExpected = error instanceof ApiError && error.status === 403;
      this.#log[isExpected ? 'debug' : 'warn'](
        { err: error, reason: note.reason, object: subject.metadata.name },
        'an event could not be recorded',
      );
    }
  }

  async #write(subject: EventSubject, note: EventNote, decision: EventDecision<KnownEvent>): Promise<void> {
    if (decision.action === 'drop') return;
    const message = (decision.prefix + note.message).slice(0, MAX_MESSAGE_LENGTH);
    if (decision.action === 'create') {
      await this.#create(subject, { ...note, message }, decision.series);
      return;
    }
    try {
      await this.#repeat(decision.known, decision.series, message);
    } catch (error) {
      if (!isNotFound(error)) throw error; // Events live for an hour; then the series begins again
      decision.series.count = 1;
      decision.series.firstAtMs = decision.series.lastAtMs;
      await this.#create(subject, { ...note, message }, decision.series);
    }
  }

  async #create(subject: EventSubject, note: EventNote, series: Series<KnownEvent>): Promise<void> {
    const { client, component, instance } = this.#options;
    const namespace = subject.metadata.namespace ?? 'default';
    const name = `${subject.metadata.name.slice(0, 230)}.${randomBytes(8).toString('hex')}`;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name },
      involvedObject: { apiVersion: subject.apiVersion, kind: subject.kind, ...subject.metadata },
      type: note.type,
      reason: note.reason,
      message: note.message,
      source: { component },
      reportingComponent: component,
      reportingInstance: instance ?? '',
      firstTimestamp: seconds(series.firstAtMs),
      lastTimestamp: seconds(series.lastAtMs),
      count: series.count,
    };
    await client.create(coreResources.events, event, { timeoutMs: SEND_TIMEOUT_MS });
    series.known = { namespace, name };
  }

  async #repeat(known: KnownEvent, series: Series<KnownEvent>, message: string): Promise<void> {
    const body = { count: series.count, lastTimestamp: seconds(series.lastAtMs), message };
    const options = { kind: 'merge', timeoutMs: SEND_TIMEOUT_MS } as const;
    await this.#options.client.patch(coreResources.events, known, body, options);
  }

  #count(result: string): void {
    this.#results.add(1, { result });
  }
}

/** Keeps what an event needs, so that a queued event does not hold the object. */
function reference(subject: EventSubject): EventSubject {
  const { name, namespace, uid, resourceVersion } = subject.metadata;
  return { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name, namespace, uid, resourceVersion } };
}

/** RFC 3339 in whole seconds, as Events have it. */
function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
