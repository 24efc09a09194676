import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatIdentity, identify } from './process-identity.ts';
import type { Watchdog } from './watchdog.ts';

/** What one child process is started with. */
export interface ChildOptions {
  /** For messages, the pid file and the log file: `etcd`. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment; default: this process's. */
  env?: NodeJS.ProcessEnv | undefined;
  /** stdout and stderr are appended here. */
  logFile: string;
  /** Gets `<name>.pid` while it runs, from which a later start can end it (see `reapOrphans`). */
  runFolder: string;
  /** Told which process it is. */
  watchdog: Watchdog;
}

/** How a child ended. */
export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running child process. */
export interface Child {
  name: string;
  pid: number;
  logFile: string;
  /** Settles when it has ended and its pid file is gone; never rejects. */
  exited: Promise<ChildExit>;
  /** True until it has ended. */
  isRunning(): boolean;
  /** SIGTERM, then SIGKILL after `graceMs` (default 5,000); resolves when it has ended. Idempotent. */
  stop(graceMs?: number): Promise<ChildExit>;
}

/** A log file larger than this is renamed to `.1` at the next start, so that two files bound the space. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;

const DEFAULT_GRACE_MS = 5_000;

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  return openSync(path, 'a');
}

/** The last `count` lines of a log file; empty when there is none. */
export function lastLines(path: string, count: number): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

function spawned(process_: ChildProcess, options: ChildOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    process_.once('error', (cause) => {
      reject(new Error(`failed to start process '${options.name}': cannot run '${options.command}'`, { cause }));
    });
    process_.once('spawn', () => {
      resolve(process_.pid ?? 0);
    });
  });
}

/**
 * Starts a child in a session of its own, so that Ctrl-C reaches only the parent, which then stops its children in
 * order. Rejects when the program cannot be run; whether it works is the caller's to find out.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openLog(options.logFile);
  const child = spawn(options.command, options.args, {
    detached: true,
    env: options.env ?? process.env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const pid = await spawned(child, options);
  const pidFile = join(options.runFolder, `${options.name}.pid`);
  mkdirSync(options.runFolder, { recursive: true });
  const identity = identify(pid);
  options.watchdog.watch(identity);
  writeFileSync(pidFile, formatIdentity(identity));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const exited = ended.then(async (exit) => {
    await rm(pidFile, { force: true });
    return exit;
  });
  return {
    name: options.name,
    pid,
    logFile: options.logFile,
    exited,
    isRunning,
    stop: async (graceMs = DEFAULT_GRACE_MS) => {
      if (isRunning()) child.kill('SIGTERM');
      const killer = setTimeout(() => {
        child.kill('SIGKILL');
      }, graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(killer);
      }
    },
  };
}
