import type { Clock } from './clock.ts';
import type { Metrics } from './observe.ts';

/** What one queue reports. */
export interface QueueMetrics {
  added(key: string): void;
  taken(key: string, depth: number): void;
  retried(): void;
  depth(keys: number): void;
}

/** Metrics of the queue `name`, after client-go's workqueue_* . */
export function queueMetrics(metrics: Metrics, name: string, clock: Clock): QueueMetrics {
  const labels = { queue: name };
  const adds = metrics.counter('mooring_workqueue_adds_total');
  const retries = metrics.counter('mooring_workqueue_retries_total');
  const depth = metrics.gauge('mooring_workqueue_depth');
  const latency = metrics.histogram('mooring_workqueue_latency_seconds');
  retries.add(0, labels);
  depth.set(0, labels);
  const addedAt = new Map<string, number>();
  return {
    added: (key) => {
      adds.add(1, labels);
      addedAt.set(key, clock.monotonic());
    },
    taken: (key, left) => {
      depth.set(left, labels);
      const since = addedAt.get(key);
      addedAt.delete(key);
      if (since !== undefined) latency.record((clock.monotonic() - since) / 1000, labels);
    },
    retried: () => retries.add(1, labels),
    depth: (keys) => depth.set(keys, labels),
  };
}
