import { execFile } from 'node:child_process';

/** What a program is run with. */
export interface RunOptions {
  /** Written to its stdin. */
  input?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Default 120,000. */
  timeoutMs?: number;
}

/** A program ended with another code than 0. */
export class CommandError extends Error {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | string | undefined;
  constructor(line: string, cause: Error & { code?: number | string }, output: { stdout: string; stderr: string }) {
    const words = (output.stderr.trim() || output.stdout.trim() || cause.message).split('\n').slice(-20).join('\n');
    super(`failed to run '${line}': ${words}`, { cause });
    this.name = 'CommandError';
    this.stdout = output.stdout;
    this.stderr = output.stderr;
    this.code = cause.code;
  }
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** Runs a program and returns its stdout; throws CommandError unless it ends with 0. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const { env = process.env, timeoutMs = 120_000 } = options;
    const settings = {
      env,
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: timeoutMs,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    };
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new CommandError([command, ...args].join(' ').slice(0, 300), error as never, { stdout, stderr }));
    });
    // A program that ends without reading its input is no error of ours.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Like `run`, but an empty text where it fails: for looking, and for removing what may be gone already. */
export function tryRun(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return run(command, args, options).catch(() => '');
}
