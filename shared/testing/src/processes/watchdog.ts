import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatIdentity, isRunning, parseIdentity, type ProcessIdentity } from './process-identity.ts';

/**
 * Reads `<pid> <start ticks>` lines until its input closes: that is, when the process that held the other end has died,
 * even by kill -9. Then it ends those processes. A shell, because it needs one megabyte and no second copy of Node. It
 * needs no files, which may be gone by then. A pid whose start time differs is someone else's by now and left alone;
 * so is a zombie.
 */
const SCRIPT = `
list=
while read -r pid start; do list="$list $pid:$start"; done
each() {
  left=
  for entry in $list; do
    pid=\${entry%%:*} start=\${entry#*:}
    if [ -n "$start" ]; then
      case "$(cut -d' ' -f3,22 "/proc/$pid/stat" 2>/dev/null)" in Z*) continue ;; *" $start") ;; *) continue ;; esac
    fi
    kill "-$1" "$pid" 2>/dev/null && left="$left $entry"
  done
  list=$left
}
each TERM
for wait in 1 2 3 4 5; do
  [ -n "$list" ] || exit 0
  sleep 1
  each 0
done
each KILL
`;

/** Time that an orphan gets between SIGTERM and SIGKILL at the next start. */
const REAP_GRACE_MS = 3_000;

/** Time between two looks at whether an orphan has ended. */
const POLL_MS = 50;

/** Ends the processes it watches should this process die. */
export interface Watchdog {
  /** Adds a child; one that has ended need not be taken off. */
  watch(identity: ProcessIdentity): void;
  /** Stands the watchdog down. */
  stop(): Promise<void>;
}

async function pidFiles(folder: string): Promise<{ path: string; identity: ProcessIdentity | undefined }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.pid'));
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, identity: parseIdentity(await readFile(path, 'utf8').catch(() => '')) };
    }),
  );
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(identity.pid, name);
  } catch {
    // Ended in between: that is what was wanted.
  }
}

async function waitUntilEnded(orphans: readonly ProcessIdentity[], graceMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += POLL_MS) {
    if (!orphans.some(isRunning)) return true;
    await delay(POLL_MS);
  }
  return !orphans.some(isRunning);
}

/**
 * Ends the processes whose pid files an earlier, dead run left in `folder`, and returns how many still ran.
 * Call it only while holding the lock of the data folder.
 */
export async function reapOrphans(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const files = await pidFiles(folder);
  const orphans = files.flatMap(({ identity }) => (identity !== undefined && isRunning(identity) ? [identity] : []));
  for (const orphan of orphans) signal(orphan, 'SIGTERM');
  if (!(await waitUntilEnded(orphans, REAP_GRACE_MS))) {
    for (const orphan of orphans.filter(isRunning)) signal(orphan, 'SIGKILL');
    await waitUntilEnded(orphans, REAP_GRACE_MS);
  }
  await Promise.all(files.map(({ path }) => rm(path, { force: true })));
  return orphans.length;
}

function endInput(shell: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (shell.exitCode !== null || shell.signalCode !== null) resolve();
    shell.once('exit', () => {
      resolve();
    });
    shell.ref();
    shell.stdin?.end();
  });
}

/** Starts a watchdog. It is in a session of its own: Ctrl-C does not reach it. */
export function startWatchdog(): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'mooring-watchdog'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Neither it nor its pipe keeps this process alive.
  shell.unref();
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  // It was killed: children are then ended by the next start, from their pid files.
  shell.stdin.on('error', () => undefined);
  return {
    watch: (identity) => void shell.stdin.write(formatIdentity(identity)),
    stop: () => endInput(shell),
  };
}
