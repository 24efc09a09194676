import { setTimeout as delay } from 'node:timers/promises';
import type { Child, ChildExit } from './child.ts';
import { lastLines } from './child.ts';
import { launch, type ProcessSurroundings, type ProcessSpec, type RunningProcess } from './process-spec.ts';

/** What a supervisor needs from outside. */
export interface SupervisorOptions extends ProcessSurroundings {
  /** Gets a line when a process ended, and when it works again. */
  say: (line: string) => void;
  /** Called when a process was started again and is ready: its pid is another one. */
  onRestart?: (name: string) => void;
  /** Ends starts that are under way: the processes that are not ready yet are stopped, and their starts fail. */
  signal?: AbortSignal;
  /** First pause before a restart, doubled up to `maxBackoffMs`; default 500. */
  minBackoffMs?: number;
  /** Default 30,000. */
  maxBackoffMs?: number;
}

/** A process that lived this long before it died starts with the first pause again. */
const STABLE_MS = 60_000;

/** Longest part of a log line that is repeated on the terminal. */
const SHOWN_CHARACTERS = 300;

function describeExit(child: Child, exit: ChildExit): string {
  const how = exit.signal === null ? `ended with code ${String(exit.code)}` : `was ended by ${exit.signal}`;
  // A signal from outside says nothing in the log.
  const last = exit.signal === null ? lastLines(child.logFile, 1).slice(0, SHOWN_CHARACTERS) : '';
  return `${child.name} (process ${String(child.pid)}) ${how}${last === '' ? '' : `; its last words: ${last}`}`;
}

/** Keeps one process running until it is stopped. */
class Supervised implements RunningProcess {
  readonly name: string;
  readonly #spec: ProcessSpec;
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #child: Child | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, options: SupervisorOptions) {
    this.name = spec.name;
    this.#spec = spec;
    this.#options = options;
  }

  pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it the first time; rejects when it does not become ready. */
  async start(): Promise<void> {
    const { signal } = this.#options;
    const end = () => void this.stop();
    signal?.throwIfAborted();
    signal?.addEventListener('abort', end);
    try {
      await this.#launch();
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', end);
    }
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#child?.stop(this.#spec.graceMs);
    await this.#watching;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #launch(): Promise<void> {
    const { child, ready } = await launch(this.#spec, this.#options);
    this.#child = child;
    if (this.#isStopping()) await child.stop(this.#spec.graceMs);
    await ready;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    const { say, minBackoffMs = 500, maxBackoffMs = 30_000 } = this.#options;
    let pauseMs = minBackoffMs;
    let startedAt = performance.now();
    while (this.#child !== undefined) {
      const child = this.#child;
      const exit = await child.exited;
      if (this.#isStopping()) return;
      if (performance.now() - startedAt > STABLE_MS) pauseMs = minBackoffMs;
      say(`${describeExit(child, exit)}; starting it again in ${String(pauseMs / 1_000)} s`);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (this.#isStopping()) return;
      pauseMs = Math.min(pauseMs * 2, maxBackoffMs);
      startedAt = performance.now();
      await this.#restart();
    }
  }

  /** A start that fails is told by the next turn of `#watch`: its child has ended, or is ended here. */
  async #restart(): Promise<void> {
    try {
      await this.#launch();
      this.#options.say(`${this.name} is ready again (process ${String(this.pid())})`);
      this.#options.onRestart?.(this.name);
    } catch {
      await this.#child?.stop(this.#spec.graceMs);
    }
  }
}

/** A starter that starts a process again, with growing pauses, whenever it ends without being asked to. */
export function createSupervisor(options: SupervisorOptions): (spec: ProcessSpec) => Promise<RunningProcess> {
  return async (spec) => {
    const process_ = new Supervised(spec, options);
    await process_.start();
    return process_;
  };
}
