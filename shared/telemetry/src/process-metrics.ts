import { performance, monitorEventLoopDelay } from 'node:perf_hooks';
import { metrics } from './metrics.ts';

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
const MILLISECONDS = 1e3;

/**
 * How often the event loop's delay is taken, milliseconds. Each time wakes the process: at Node's own 10 ms that is most of what an
 * idle one costs (2.4 against 0.7 m CPU at 20 and 250 ms, test/bench/idle.bench.ts, 2026-11-21).
 */
const DELAY_RESOLUTION_MS = 250;

/** What every process tells of itself, under Prometheus' usual names. Returns a function that takes the metrics back. */
export function observeProcess({ service, version }: { service: string; version: string }): () => void {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const one = (value: number) => [{ value, labels: {} }];
  const stops = [
    metrics.observableGauge('mooring_build_info', () => [{ value: 1, labels: { service, version } }]),
    metrics.observableGauge('process_start_time_seconds', () => one(performance.timeOrigin / MILLISECONDS)),
    metrics.observableGauge('process_resident_memory_bytes', () => one(process.memoryUsage.rss())),
    metrics.observableGauge('nodejs_heap_used_bytes', () => one(process.memoryUsage().heapUsed)),
    metrics.observableGauge('nodejs_eventloop_lag_p99_seconds', () => {
      // Node gives the time between two takings.
      const p99 = delay.percentile(99) / NANOSECONDS - DELAY_RESOLUTION_MS / MILLISECONDS;
      delay.reset();
      return one(Math.max(0, p99));
    }),
    metrics.observableCounter('process_cpu_seconds_total', () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / MICROSECONDS);
    }),
  ];
  return () => {
    delay.disable();
    for (const stop of stops) stop();
  };
}
