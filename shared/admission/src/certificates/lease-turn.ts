import { LeaderElector } from '@mooring/runtime';
import type { Clock, KubeClient, Log } from '@mooring/runtime';

/** Whose turn, on which Lease. */
export interface LeaseTurn {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The Lease's name. */
  readonly name: string;
  /** This process, unlike any other. */
  readonly identity: string;
  /** Ends the waiting: what was to be done has been done by another. Work that has begun is not stopped. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Held for some milliseconds at a time, so others look often; nobody looks while nothing is due. */
const RETRY_PERIOD_MS = 500;

/**
 * Waits for a Lease, works while holding it, and gives it back: a lock between processes that outlives none of them by more
 * than 15 s. Nothing is held, and nothing renewed, while there is no work.
 *
 * @param work gets a client whose writes throw LeaseLost once the Lease is gone
 * @returns false when `signal` ended the waiting
 */
export async function takeTurn(turn: LeaseTurn, work: (client: KubeClient) => Promise<void>): Promise<boolean> {
  const { client, signal } = turn;
  const decided = Promise.withResolvers<boolean>();
  const give = (): void => decided.resolve(false);
  const elector = new LeaderElector({
    ...turn,
    retryPeriodMs: RETRY_PERIOD_MS,
    onStarted: () => decided.resolve(true),
    // The writes themselves fail from now on.
    onLost: () => undefined,
  });
  signal.addEventListener('abort', give, { once: true });
  elector.start();
  if (signal.aborted) give();
  try {
    const isOurs = await decided.promise;
    if (isOurs) await work(client.fenced(elector));
    return isOurs;
  } finally {
    signal.removeEventListener('abort', give);
    await elector.stop();
  }
}
