import type { MetricName } from '@mooring/telemetry';

/** Labels of one measurement. Values must come from a small fixed set: never names of objects, never messages. */
export type MetricLabels = Readonly<Record<string, string>>;

/** A sum that only grows. */
export interface Counter {
  add(value: number, labels?: MetricLabels): void;
}

/** A distribution. */
export interface Histogram {
  record(value: number, labels?: MetricLabels): void;
}

/** A value that goes up and down. */
export interface Gauge {
  set(value: number, labels?: MetricLabels): void;
}

/** Where the runtime's own figures go. Structural, so that `metrics` of @mooring/telemetry fits and tests can pass their own. */
export interface Metrics {
  counter(name: MetricName<'counter'>): Counter;
  histogram(name: MetricName<'histogram'>): Histogram;
  gauge(name: MetricName<'gauge'>): Gauge;
}

/** What the runtime needs of a logger; a pino logger fits. Fields first, then a constant message. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Measures nothing. */
export const noMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ record: () => undefined }),
  gauge: () => ({ set: () => undefined }),
};

/** Says nothing. */
export const noLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
