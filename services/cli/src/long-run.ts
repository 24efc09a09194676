import type { LockWait, ObjectStore } from '@mooring/backupstore';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { interruptible } from './interrupt.ts';
import { ProgressBar, type Shown } from './progress-bar.ts';

/** What a command that takes its time works with. */
export interface LongRun {
  readonly store: ObjectStore;
  /** Fires at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Shows progress, on a terminal. */
  readonly show: (progress: Shown) => void;
  /** Writes a line to the log on stderr. */
  readonly log: (message: string) => void;
  /** Logs why the store's lock is waited for. */
  readonly onWaiting: (wait: LockWait) => void;
}

/** Opens the store of `url` for `work`, with a progress bar, and ends cleanly at Ctrl-C. */
export async function runLong<T>(context: Context, url: string, work: (run: LongRun) => Promise<T>): Promise<T> {
  const store = await context.open(url);
  const bar = new ProgressBar(context.world);
  using interrupt = interruptible();
  const log = (message: string): void => {
    context.log('warning', message);
  };
  try {
    return await work({
      ...{ store, signal: interrupt.signal, show: bar.show, log },
      onWaiting: ({ reason }) => {
        log(reason);
      },
    });
  } finally {
    bar.end();
    store.close();
  }
}

/** The value of `--concurrent-limit`. Throws `CliError`: 0, which waits for ever in Longhorn, is refused too. */
export function concurrencyFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 256) return value;
  throw new CliError(`invalid value '${text}' for --concurrent-limit: it must be a whole number from 1 to 256`);
}
