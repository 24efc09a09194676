import { readFileSync } from 'node:fs';

/** One process, told apart from a later one with the same pid by its start time. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot (`/proc/PID/stat`, field 22); absent where there is no `/proc`. */
  startTicks?: string;
}

/** The start time of `pid` in clock ticks since boot; undefined when it does not run, is a zombie, or there is no `/proc`. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field, the command, may hold spaces and brackets: count from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The identity of a process that runs now. */
export function identify(pid: number): ProcessIdentity {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? { pid } : { pid, startTicks };
}

/** True while exactly that process runs (a zombie, or another process with a reused pid, does not count). */
export function isRunning(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it runs, but is another user's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return identity.startTicks === undefined || startTicksOf(identity.pid) === identity.startTicks;
}

/** `<pid> <startTicks>\n`: the content of pid and lock files. */
export function formatIdentity(identity: ProcessIdentity): string {
  return `${String(identity.pid)} ${identity.startTicks ?? ''}`.trimEnd() + '\n';
}

/** Reads what `formatIdentity` wrote; undefined for anything else (a file cut short by a crash, say). */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const match = /^([1-9]\d{0,9})(?: (\d+))?\n$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const pid = Number(match[1]);
  return match[2] === undefined ? { pid } : { pid, startTicks: match[2] };
}
