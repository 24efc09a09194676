import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, AggregationType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { InstrumentFactory } from './metrics.ts';

/** Seconds: from a cached read to the deadline of a scan. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Series a metric may have; more would be one object's name used as a label. The rest lands in `otel_metric_overflow`. */
const MAX_SERIES = 2000;

/** Collects when it is asked to; the text is served by the process's health server, so no server of its own. */
class PullReader extends MetricReader {
  constructor() {
    super({
      aggregationSelector: () => ({ type: AggregationType.DEFAULT }),
      aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE,
      cardinalitySelector: () => MAX_SERIES,
    });
  }
  protected override async onForceFlush(): Promise<void> {
    // nothing is buffered
  }
  protected override async onShutdown(): Promise<void> {
    // nothing is open
  }
}

/** Instruments of the OpenTelemetry SDK with Prometheus' text as their only outlet: no scope labels, no target_info. */
export function sdkInstruments(): InstrumentFactory {
  const reader = new PullReader();
  const provider = new MeterProvider({ readers: [reader], resource: emptyResource() });
  const meter = provider.getMeter('mooring');
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  return {
    counter(name, description) {
      const counter = meter.createCounter(name, { description });
      return (value, labels) => counter.add(value, labels);
    },
    gauge(name, description) {
      const gauge = meter.createGauge(name, { description });
      return (value, labels) => gauge.record(value, labels);
    },
    histogram(name, description) {
      const advice = { explicitBucketBoundaries: BUCKETS };
      const histogram = meter.createHistogram(name, { description, advice });
      return (value, labels) => histogram.record(value, labels);
    },
    async render() {
      const { resourceMetrics } = await reader.collect();
      const text = serializer.serialize(resourceMetrics);
      return text.startsWith('# no registered metrics') ? '' : text.endsWith('\n') ? text : `${text}\n`;
    },
  };
}
