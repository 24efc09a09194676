import { moverExit } from '@mooring/api';
import { isMoverError } from './errors.ts';

/** How a run that failed ends. */
export interface Ending {
  /** One of `moverExit`. */
  readonly exitCode: number;
  readonly outcome: 'paused' | 'refused' | 'failed';
  /** Whether the object's status says why. */
  readonly isReported: boolean;
}

/** Kinds of errors that another run meets again, see `ErrorKind` of @mooring/api. */
const PERMANENT: readonly unknown[] = ['stalled', 'corrupt'];

/** How the run ends for this error; `isPausing`: SIGTERM came before. What says nothing of itself is tried again. */
export function decideExit(error: unknown, { isPausing }: { readonly isPausing: boolean }): Ending {
  // There is nobody left to tell.
  if (isMoverError(error, 'ObjectGone')) return { exitCode: moverExit.refused, outcome: 'refused', isReported: false };
  if (isPausing) return { exitCode: moverExit.paused, outcome: 'paused', isReported: false };
  return PERMANENT.includes(kindOf(error))
    ? { exitCode: moverExit.refused, outcome: 'refused', isReported: true }
    : { exitCode: moverExit.failed, outcome: 'failed', isReported: true };
}

function kindOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'kind' in error ? error.kind : undefined;
}
