import type { MoverSettings, Scheme } from '@mooring/api';
import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log, Metrics } from './observe.ts';

/**
 * Passes of one target that run at once. A pass waits for the store most of its time, and the store's own adaptive limit says how many requests it
 * takes; this only has to be above that: at 750 ms a request, 256 passes at once get through 1,000 backups or volumes in about 4 × 0.75 s.
 */
export const PASSES_PER_TARGET = 256;

/** What a controller is made with that reads stores and has movers do the rest. */
export interface MoverControllerOptions {
  /** Fenced, where there is a leader. */
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  readonly allowedSchemes: readonly Scheme[];
  /** Of the Jobs that move data. */
  readonly mover: MoverSettings;
  /** Whether a Longhorn runs in the same cluster; then objects that only it works on are left alone. Default false. */
  readonly coexistence?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}
