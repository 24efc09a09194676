/** Ends a long command cleanly. */
export interface Interruptible extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * From now on the first Ctrl-C or SIGTERM fires the signal, so that the command can stop where it may go on later; a second
 * one ends the process as usual. Dispose it when the command has ended.
 */
export function interruptible(): Interruptible {
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort('interrupted');
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
