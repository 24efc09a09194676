import type { Clock } from './clock.ts';
import { ConnectionError } from './errors.ts';
import { apiErrorFromStatus, parseBody } from './kube-response.ts';
import { LineSplitter } from './line-splitter.ts';
import type { OpenResponse } from './transport.ts';

/** One line of a watch. A BOOKMARK's object has nothing but `metadata.resourceVersion`. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** What `readWatch` needs besides the stream. */
export interface WatchReadOptions {
  readonly clock: Clock;
  readonly idleTimeoutMs: number;
  /** For error messages. */
  readonly path: string;
}

/**
 * Events from an open watch. Ends when the server ends the stream between two lines; a line that was cut off is dropped (its event
 * comes again after the resume). Throws ApiError for an ERROR event; ConnectionError `Stalled` after `idleTimeoutMs` without a byte,
 * `Malformed` for garbage, `Unreachable` for a broken connection. Leaving the loop closes the connection.
 */
export async function* readWatch<T>(
  response: OpenResponse,
  options: WatchReadOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const lines = new LineSplitter();
  const watchdog = startWatchdog(response, options);
  try {
    for await (const chunk of response.body) {
      watchdog.seen();
      for (const line of splitOrThrow(lines, chunk, options.path)) yield parseEvent<T>(line, options.path);
    }
  } finally {
    watchdog.stop();
    response.close();
  }
}

function* splitOrThrow(lines: LineSplitter, chunk: Buffer, path: string): Generator<string, void, undefined> {
  try {
    yield* lines.push(chunk);
  } catch (cause) {
    throw new ConnectionError('Malformed', `failed to read the watch of '${bare(path)}': endless line`, cause);
  }
}

function parseEvent<T>(line: string, path: string): WatchEvent<T> {
  const event = parseBody<{ type?: string; object?: T }>(line, path);
  if (event.type === 'ERROR') throw apiErrorFromStatus(event.object ?? {}, path);
  if (isKnownEvent<T>(event)) return event;
  throw new ConnectionError('Malformed', `failed to read the watch of '${bare(path)}': a line is no event`);
}

function isKnownEvent<T>(event: { type?: string; object?: T }): event is WatchEvent<T> {
  const isKnown =
    event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED' || event.type === 'BOOKMARK';
  return isKnown && typeof event.object === 'object' && event.object !== null && 'metadata' in event.object;
}

/** Gives the stream up when it is silent too long. Each byte costs one assignment; the timer is set again only when it fires. */
function startWatchdog(response: OpenResponse, options: WatchReadOptions): { seen(): void; stop(): void } {
  const { clock, idleTimeoutMs } = options;
  let seenAt = clock.monotonic();
  const check = (): void => {
    const leftMs = idleTimeoutMs - (clock.monotonic() - seenAt);
    if (leftMs > 0) timer = clock.setTimeout(check, leftMs);
    else
      response.close(
        new ConnectionError('Stalled', `failed to watch '${bare(options.path)}': silent for ${idleTimeoutMs / 1000} s`),
      );
  };
  let timer = clock.setTimeout(check, idleTimeoutMs);
  return {
    seen: () => {
      seenAt = clock.monotonic();
    },
    stop: () => timer.cancel(),
  };
}

function bare(path: string): string {
  return path.split('?', 1)[0] ?? '';
}
