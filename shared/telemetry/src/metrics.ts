import { metricCatalog, type MetricName } from './catalog.ts';
import { renderObservables } from './exposition.ts';
import type { Observable, Sample } from './exposition.ts';

/** Label values of one observation, from a small fixed set: never names of objects, never messages. */
export type Labels = Readonly<Record<string, string>>;

/** Only grows. Names end in `_total`. */
export interface Counter {
  /** Adds `value` (never negative). */
  add(value: number, labels?: Labels): void;
}

/** A distribution, in seconds unless its name says another unit. */
export interface Histogram {
  record(value: number, labels?: Labels): void;
}

/** A value that goes up and down and is known where it changes; series are never forgotten, so labels must be few. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** The three instruments that keep state, as the SDK offers them once telemetry has started. */
export interface InstrumentFactory {
  counter(name: string, help: string): (value: number, labels: Labels) => void;
  gauge(name: string, help: string): (value: number, labels: Labels) => void;
  histogram(name: string, help: string): (value: number, labels: Labels) => void;
  /** The text of all of them. */
  render(): Promise<string>;
}

type InstrumentKind = 'counter' | 'gauge' | 'histogram';

interface Instrument {
  kind: InstrumentKind;
  name: string;
  help: string;
  write?: (value: number, labels: Labels) => void;
}

const instruments = new Map<string, Instrument>();
const observables = new Map<string, Observable>();
let factory: InstrumentFactory | undefined;

/** Connects the registry to an SDK. Instruments made earlier work from here on; what they were told before is lost. */
export function useInstruments(sdk: InstrumentFactory | undefined): void {
  factory = sdk;
  for (const instrument of instruments.values()) bind(instrument);
}

function bind(instrument: Instrument): void {
  if (factory) instrument.write = factory[instrument.kind](instrument.name, instrument.help);
  else delete instrument.write;
}

function instrument<Kind extends InstrumentKind>(kind: Kind, name: MetricName<Kind>): Instrument {
  const known = instruments.get(name);
  if (known) return known;
  const made: Instrument = { kind, name, help: metricCatalog[name].meaning };
  instruments.set(name, made);
  bind(made);
  return made;
}

/**
 * The metrics of this process. Names, types, labels and help texts are those of the catalog (`catalog.ts`). Asking twice for one
 * name gives the same instrument. Instruments may be made at module level, before `startTelemetry`.
 */
export const metrics = {
  /** A counter: `metrics.counter('mooring_store_requests_total')`. */
  counter(name: MetricName<'counter'>): Counter {
    const own = instrument('counter', name);
    return { add: (value, labels = {}) => own.write?.(value, labels) };
  },

  /** A histogram; buckets from 1 ms to 5 minutes. */
  histogram(name: MetricName<'histogram'>): Histogram {
    const own = instrument('histogram', name);
    return { record: (value, labels = {}) => own.write?.(value, labels) };
  },

  /** A gauge that is set where its value changes. */
  gauge(name: MetricName<'gauge'>): Gauge {
    const own = instrument('gauge', name);
    return { set: (value, labels = {}) => own.write?.(value, labels) };
  },

  /**
   * A gauge that is asked at scrape time and keeps nothing in between, for values that stand in a cache anyway (20,000
   * Backups cost no memory here). `read` must be quick; when it throws, the metric is left out of that scrape.
   * Returns a function that takes it back. The last registration of a name wins.
   */
  observableGauge(name: MetricName<'gauge'>, read: () => Iterable<Sample>): () => void {
    return observe({ type: 'gauge', name, help: metricCatalog[name].meaning, read });
  },

  /** As `observableGauge`, for a total that something else counts (CPU seconds). */
  observableCounter(name: MetricName<'counter'>, read: () => Iterable<Sample>): () => void {
    return observe({ type: 'counter', name, help: metricCatalog[name].meaning, read });
  },
};

function observe(observable: Observable): () => void {
  observables.set(observable.name, observable);
  return () => {
    if (observables.get(observable.name) === observable) observables.delete(observable.name);
  };
}

/** All metrics in Prometheus' text format 0.0.4, in pieces of some KiB: for an answer that is streamed. */
export async function* renderMetricsInPieces(): AsyncGenerator<string> {
  if (factory) yield await factory.render();
  yield* renderObservables(observables.values());
}

/** All metrics in Prometheus' text format 0.0.4 (`text/plain; version=0.0.4`). */
export async function renderMetrics(): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of renderMetricsInPieces()) pieces.push(piece);
  return pieces.join('');
}
