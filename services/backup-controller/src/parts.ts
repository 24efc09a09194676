import type { TargetStores } from '@mooring/backupstore';
import type { Clock, EventRecorder, KubeClient } from '@mooring/runtime';
import type { Caches } from './caches.ts';

/** Everything a pass may use; made once by `controller.ts`. */
export interface Parts {
  /** Refuses writes once the lease is lost. */
  readonly client: KubeClient;
  readonly caches: Caches;
  /** The object namespace. */
  readonly namespace: string;
  /** Read only. */
  readonly stores: TargetStores;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  /** Runs a write to the API server; at most so many at once for the whole process, that requests queue here and not behind their deadline. */
  readonly limitWrites: <T>(write: () => Promise<T>) => Promise<T>;
}
