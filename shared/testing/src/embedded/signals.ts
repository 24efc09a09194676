/** How often a start under npm looks whether npm is still there. */
const PARENT_LOOK_MS = 1_000;

/**
 * Signals within this time count as one: the terminal sends Ctrl-C to npm and to this process, and npm passes its own on.
 */
const SAME_SIGNAL_MS = 1_000;

/**
 * Calls `onStop` once, with why, when this process is asked to stop: Ctrl-C, SIGTERM, a closed terminal, or (under npm,
 * whose kill -9 reaches nobody else) the end of the parent. A second Ctrl-C calls `onImpatience`.
 */
export function onStopRequest(onStop: (why: string) => void, onImpatience: () => void): void {
  let askedAt: number | undefined;
  const ask = (why: string) => {
    if (askedAt === undefined) {
      askedAt = performance.now();
      onStop(why);
    } else if (why === 'SIGINT' && performance.now() - askedAt > SAME_SIGNAL_MS) {
      onImpatience();
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      ask(name);
    });
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ask('end of npm');
  }, PARENT_LOOK_MS);
  timer.unref();
}
