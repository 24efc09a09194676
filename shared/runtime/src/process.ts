import { gate } from './gate.ts';
import { setFlagsFromString } from 'node:v8';
import { systemClock, type Clock } from './clock.ts';
import type { Log } from './observe.ts';

/** What a service does while it lives. */
export interface ServiceContext {
  /** Aborts when the service is to stop. */
  readonly signal: AbortSignal;
  /** What to do at the end; the last one given is run first, each to its end before the next. Failures are logged. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Ends the process with exit code 1: for what a restart cures, such as a lost lease. */
  fail(error: unknown): void;
}

/** How a service runs. */
export interface ServiceOptions {
  readonly name: string;
  readonly log: Log;
  /** Starts everything and resolves. What it throws ends the process with exit code 1. */
  readonly start: (context: ServiceContext) => Promise<void>;
  /** The stop as a whole may take so long, milliseconds; below the pod's terminationGracePeriodSeconds (30). Default 25,000; after a failure at most 4,000. */
  readonly stopTimeoutMs?: number | undefined;
  /** True: more garbage collection for less memory (see `limitMemory`). False is right for a webhook: its latency counts. Default true. */
  readonly isMemoryLimited?: boolean | undefined;
  readonly clock?: Clock | undefined;
  /** For tests. Default `process`. */
  readonly host?: ProcessHost | undefined;
}

/** What is needed of Node's `process`. */
export interface ProcessHost {
  on(event: string, listener: (detail: unknown) => void): unknown;
  off(event: string, listener: (detail: unknown) => void): unknown;
  exit(code: number): void;
}

/** Below a pod's default grace of 30 s. */
const DEFAULT_STOP_MS = 25_000;

/** After a failure, milliseconds: a lost lease is noticed 10 s after its last renewal, and another process may lead 5 s later. */
const FAILED_STOP_MS = 4_000;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const DEFECTS = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs a service from start to exit. SIGTERM or SIGINT: stops gracefully, exit code 0; a second one: exits at once, 130. An uncaught
 * exception or rejection is a defect whose damage is unknown: logged, stopped, exit code 1, and the next start reads everything anew.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { log, name, start } = options;
  const host: ProcessHost = options.host ?? process;
  if (options.isMemoryLimited !== false) limitMemory();
  const lifetime = new AbortController();
  const ended = Promise.withResolvers<number>();
  const stops: { name: string; stop: () => Promise<void> | void }[] = [];
  const fail = (error: unknown): void => {
    if (!lifetime.signal.aborted) log.error({ err: error }, `${name} fails and stops`);
    lifetime.abort();
    ended.resolve(1);
  };
  const onSignal = (signal: unknown): void => {
    if (lifetime.signal.aborted) {
      host.exit(130);
      return;
    }
    log.info({ signal }, `${name} stops`);
    lifetime.abort();
    ended.resolve(0);
  };
  for (const event of SIGNALS) host.on(event, onSignal);
  for (const event of DEFECTS) host.on(event, fail);
  const context: ServiceContext = {
    signal: lifetime.signal,
    fail,
    onStop: (label, stop) => stops.push({ name: label, stop }),
  };
  start(context).catch(fail);
  const code = await ended.promise;
  const limitMs = options.stopTimeoutMs ?? DEFAULT_STOP_MS;
  await stopInTime({ ...options, stops, stopTimeoutMs: code === 0 ? limitMs : Math.min(limitMs, FAILED_STOP_MS) });
  for (const event of SIGNALS) host.off(event, onSignal);
  for (const event of DEFECTS) host.off(event, fail);
  host.exit(code);
}

/**
 * Keeps V8's young generation at its first size and lets the old one grow in small steps. By default V8 takes 48 MiB for new objects and
 * collects late: an informer with 20,000 Backups then needs 145 MiB above the bare process, with this 40 MiB, for less than half a second of
 * CPU more at the first list (test/bench/reflector.bench.ts, 2026-11-21). Set at run time, so it holds however the process was started.
 */
function limitMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}

interface Stopping {
  readonly log: Log;
  readonly clock?: Clock | undefined;
  readonly stopTimeoutMs: number;
  readonly stops: { name: string; stop: () => Promise<void> | void }[];
}

/** Runs the stops in reverse order; leaves the rest undone when time is up. */
async function stopInTime(stopping: Stopping): Promise<void> {
  const { log, clock = systemClock, stopTimeoutMs, stops } = stopping;
  const all = async (): Promise<void> => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
      try {
        await next.stop();
      } catch (error) {
        log.warn({ err: error, part: next.name }, 'a part did not stop well');
      }
    }
  };
  const late = gate();
  const timer = clock.setTimeout(() => {
    log.error({ stopTimeoutMs, left: stops.map((stop) => stop.name) }, 'the stop took too long; exiting');
    late.open();
  }, stopTimeoutMs);
  await Promise.race([all(), late.opened]);
  timer.cancel();
}
