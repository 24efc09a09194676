import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, parseIdentity, type ProcessIdentity } from './process-identity.ts';

/**
 * Ends every process with a file in the folder $1 once stdin closes: that is, when the process that held the other
 * end has died, even by kill -9. A shell, because it needs one megabyte and no second copy of Node. A pid whose start
 * time differs from the recorded one belongs to someone else by now and is left alone.
 */
const SCRIPT = `
cat >/dev/null
each() {
  for file in "$dir"/*.pid; do
    [ -f "$file" ] || continue
    read -r pid start <"$file" || continue
    if [ -n "$start" ]; then
      case "$(cut -d' ' -f3,22 "/proc/$pid/stat" 2>/dev/null)" in
        Z*) rm -f "$file"; continue ;;
        *" $start") ;;
        *) rm -f "$file"; continue ;;
      esac
    fi
    kill "-$1" "$pid" 2>/dev/null || rm -f "$file"
  done
}
dir=$1
each TERM
for wait in 1 2 3 4 5; do
  [ -n "$(ls "$dir" 2>/dev/null | grep '[.]pid$')" ] || exit 0
  sleep 1
  each 0
done
each KILL
`;

/** Time that an orphan gets between SIGTERM and SIGKILL at the next start. */
const REAP_GRACE_MS = 3_000;

/** Time between two looks at whether an orphan has ended. */
const POLL_MS = 50;

/** The pid files of one orchestration, and the shell that ends their processes should this process die. */
export interface Watchdog {
  /** Folder of `<name>.pid` files (`<pid> <start ticks>`). */
  folder: string;
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
    shell.once('exit', () => { resolve(); });
    shell.ref();
    shell.stdin?.end();
  });
}

/** Starts the watchdog over `folder` (created when absent). It is in a session of its own: Ctrl-C does not reach it. */
export async function startWatchdog(folder: string): Promise<Watchdog> {
  await mkdir(folder, { recursive: true });
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'mooring-watchdog', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Neither it nor its pipe keeps this process alive.
  shell.unref();
  (shell.stdin as Socket).unref();
  return { folder, stop: () => endInput(shell) };
}
