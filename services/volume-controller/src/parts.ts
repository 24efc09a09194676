import type { BackupTarget } from '@mooring/api';
import type { ObjectStore } from '@mooring/backupstore';
import type { Clock, EventRecorder, KubeClient } from '@mooring/runtime';
import type { Caches } from './caches.ts';

/** Opens the store of a target. Calls to one target share one store, and with it its in-flight limit, its breaker and its sockets. */
export interface StoreOpener {
  /** Throws StoreError when the URL, the Secret or the backend does not allow it. The store is not to be closed by the caller. */
  open(target: BackupTarget): Promise<ObjectStore>;
}

/** What a pass works with; made once by `app.ts`. */
export interface Parts {
  /** Refuses writes once the lease is lost. */
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly stores: StoreOpener;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  /** Runs a write to the API server; at most so many at once for the whole process, that requests queue here and not behind their deadline. */
  readonly limitWrites: <T>(write: () => Promise<T>) => Promise<T>;
}
