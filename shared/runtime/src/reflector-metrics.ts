import type { Clock } from './clock.ts';
import type { Metrics } from './observe.ts';

/** What one reflector reports. */
export interface ReflectorMetrics {
  /** `drift`: changes that a planned list found and no watch had told of. */
  listed(drift: number): void;
  watched(): void;
  restarted(reason: string): void;
  contact(): void;
  size(objects: number): void;
}

/** The last contact is written at most once a second: events come in thousands. */
const CONTACT_RESOLUTION_MS = 1_000;

/** Metrics of the reflector of one resource (its plural). */
export function reflectorMetrics(metrics: Metrics, resource: string, clock: Clock): ReflectorMetrics {
  const labels = { resource };
  const lists = metrics.counter('mooring_informer_lists_total');
  const drift = metrics.counter('mooring_informer_drift_total');
  const watches = metrics.counter('mooring_informer_watches_total');
  const restarts = metrics.counter('mooring_informer_restarts_total');
  const objects = metrics.gauge('mooring_informer_objects');
  const contacts = metrics.gauge('mooring_informer_last_contact_timestamp_seconds');
  drift.add(0, labels);
  let shownAt = -Infinity;
  return {
    listed: (found) => {
      lists.add(1, labels);
      if (found > 0) drift.add(found, labels);
    },
    watched: () => watches.add(1, labels),
    restarted: (reason) => restarts.add(1, { resource, reason }),
    contact: () => {
      if (clock.monotonic() - shownAt < CONTACT_RESOLUTION_MS) return;
      shownAt = clock.monotonic();
      contacts.set(clock.now() / 1000, labels);
    },
    size: (count) => objects.set(count, labels),
  };
}
