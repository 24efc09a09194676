import { spawn } from 'node:child_process';

/** A program ended with another exit code than 0; `output` is what it wrote. */
export class CommandError extends Error {
  readonly output: string;

  constructor(command: string, why: string, output: string) {
    super(`failed to run '${command}': ${why}\n${output.trimEnd().split('\n').slice(-LAST_LINES).join('\n')}`);
    this.output = output;
  }
}

const LAST_LINES = 20;

/** How a program is run. */
export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  /** What it reads. */
  input?: string;
  /** Killed after it; default: never. */
  timeoutMs?: number;
}

/** Runs a program to its end and returns its standard output; throws CommandError. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(command, args, { env: options.env, timeout: options.timeoutMs, stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => undefined).end(options.input);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      reject(new CommandError([command, ...args].join(' '), why, Buffer.concat([...stdout, ...stderr]).toString()));
    };
    child.on('error', (error) => {
      fail(error.message);
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString());
      else fail(code === null ? `ended by ${String(signal)}` : `exit code ${String(code)}`);
    });
  });
}

const PROBE_MS = 10_000;

/** Whether a program is there and ends well within ten seconds. */
export async function succeeds(command: string, args: readonly string[], options: RunOptions = {}): Promise<boolean> {
  try {
    await run(command, args, { timeoutMs: PROBE_MS, ...options });
    return true;
  } catch {
    return false;
  }
}
