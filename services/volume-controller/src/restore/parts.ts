import type { MoverSettings } from '@mooring/api';
import type { MoverJobs } from '@mooring/runtime';
import type { Caches } from '../caches.ts';
import type { Parts } from '../parts.ts';
import type { RestoreCaches } from './caches.ts';

/** What a pass over a Volume works with; made once by `controller.ts`. */
export interface RestoreParts extends Omit<Parts, 'caches' | 'stores'> {
  readonly caches: Caches & RestoreCaches;
  readonly runs: MoverJobs;
  readonly mover: MoverSettings;
  /** Whether a Longhorn runs in the same cluster. */
  readonly coexistence: boolean;
}
