import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { systemClock, type Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { ConnectionError } from './errors.ts';

/** One HTTP request. `path` has its query. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Until the last byte for `exchange`, until the response's head for `open`; milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still on its way. The taker MUST end it with `close`, whatever happens: it holds a socket and a listener. */
export interface OpenResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: AsyncIterable<Buffer>;
  /** Ends it; a reader of `body` gets `error`. A body read to its end gives the connection back to the pool. */
  close(error?: Error): void;
}

/** Time for TCP and TLS; a healthy API server needs milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** First TCP keep-alive probe. Node probes ten times, a second apart: a peer that vanished is noticed after 40 s even on a silent watch. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** Watches hold one socket each, so the limit leaves room for every controller's calls; more would only queue in the API server. */
const MAX_SOCKETS = 128;

/** As many as a controller's bursts use: a smaller pool would open a new TLS connection for each call of a burst. */
const MAX_FREE_SOCKETS = 64;

/** Idle connections are closed after so long: before the API server does (90 s) and a write meets a connection that is just being closed. */
const IDLE_TIMEOUT_MS = 60_000;

/** Requests over ONE shared pool of kept-alive connections. Every way out of a request removes its timer and its listener. */
export class Transport {
  readonly #base: URL;
  readonly #agent: HttpAgent;
  readonly #clock: Clock;
  readonly #connectTimeoutMs: number;

  constructor(connection: Connection, options: { clock?: Clock; connectTimeoutMs?: number } = {}) {
    this.#base = new URL(connection.server);
    this.#clock = options.clock ?? systemClock;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#agent = createAgent(this.#base, connection);
  }

  /** Closes idle connections now and the others as they end. */
  close(): void {
    this.#agent.destroy();
  }

  /** Sends a request and resolves with the head of the answer. Throws ConnectionError. */
  open(request: HttpRequest): Promise<OpenResponse> {
    return new Promise((resolve, reject) => {
      const outgoing = this.#start(request);
      let failure: Error | undefined;
      const fail = (error: Error): void => {
        failure ??= error;
        outgoing.destroy(error);
      };
      const onAbort = (): void => fail(new ConnectionError('Aborted', `failed to ${this.#say(request)}: aborted`));
      const deadline = this.#clock.setTimeout(
        () =>
          fail(
            new ConnectionError('Timeout', `failed to ${this.#say(request)}: no answer within ${request.timeoutMs} ms`),
          ),
        request.timeoutMs,
      );
      const release = (): void => {
        deadline.cancel();
        request.signal?.removeEventListener('abort', onAbort);
      };
      this.#limitConnect(outgoing, request, fail);
      request.signal?.addEventListener('abort', onAbort, { once: true });
      outgoing.on('error', (cause) => {
        release();
        reject(failure ?? this.#unreachable(request, cause));
      });
      outgoing.once('response', (incoming: IncomingMessage) => {
        deadline.cancel();
        incoming.once('close', release);
        incoming.on('error', () => undefined); // readers of the body get it; without one it would end the process
        resolve(opened(incoming, fail, (cause) => failure ?? this.#unreachable(request, cause)));
      });
      if (request.signal?.aborted === true) onAbort();
      outgoing.end(request.body);
    });
  }

  /** Sends a request and reads the whole answer as text, all within `timeoutMs`. Throws ConnectionError. */
  async exchange(request: HttpRequest): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> {
    const startedAt = this.#clock.monotonic();
    const response = await this.open(request);
    const leftMs = Math.max(1, request.timeoutMs - (this.#clock.monotonic() - startedAt));
    const deadline = this.#clock.setTimeout(
      () =>
        response.close(
          new ConnectionError(
            'Timeout',
            `failed to ${this.#say(request)}: the answer stopped; gave up after ${request.timeoutMs} ms`,
          ),
        ),
      leftMs,
    );
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      return { status: response.status, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') };
    } finally {
      deadline.cancel();
      response.close();
    }
  }

  #start(request: HttpRequest): ClientRequest {
    const prefix = this.#base.pathname === '/' ? '' : this.#base.pathname.replace(/\/$/, '');
    const headers: Record<string, string | number> = { accept: 'application/json', ...request.headers };
    if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
    const options = { agent: this.#agent, method: request.method, headers, path: prefix + request.path };
    return this.#base.protocol === 'https:' ? httpsRequest(this.#base, options) : httpRequest(this.#base, options);
  }

  #limitConnect(outgoing: ClientRequest, request: HttpRequest, fail: (error: Error) => void): void {
    outgoing.once('socket', (socket: Socket) => {
      socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
      if (!socket.connecting) return;
      const timer = this.#clock.setTimeout(
        () =>
          fail(
            new ConnectionError(
              'Unreachable',
              `failed to ${this.#say(request)}: no connection within ${this.#connectTimeoutMs} ms`,
            ),
          ),
        this.#connectTimeoutMs,
      );
      const done = (): void => timer.cancel();
      socket.once(this.#base.protocol === 'https:' ? 'secureConnect' : 'connect', done);
      socket.once('close', done);
    });
  }

  #unreachable(request: HttpRequest, cause: unknown): ConnectionError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection broke';
    return new ConnectionError('Unreachable', `failed to ${this.#say(request)}: ${code}`, cause);
  }

  /** The query is left out: it may hold selectors and tokens of pages. */
  #say(request: HttpRequest): string {
    return `${request.method} '${request.path.split('?', 1)[0] ?? ''}' at '${this.#base.host}'`;
  }
}

/** `explain` gives the error that a reader of the body gets. */
function opened(
  incoming: IncomingMessage,
  fail: (error: Error) => void,
  explain: (cause: unknown) => Error,
): OpenResponse {
  async function* read(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of incoming) yield chunk as Buffer;
    } catch (cause) {
      throw explain(cause);
    }
  }
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: read(),
    close: (error) => {
      if (incoming.readableEnded || incoming.destroyed) return;
      if (error === undefined) incoming.destroy();
      else {
        fail(error);
        incoming.destroy(error);
      }
    },
  };
}

function createAgent(base: URL, connection: Connection): HttpAgent {
  const pool = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_PROBE_MS,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_FREE_SOCKETS,
    timeout: IDLE_TIMEOUT_MS,
  };
  if (base.protocol !== 'https:') return new HttpAgent(pool);
  return new HttpsAgent({
    ...pool,
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection.cert === undefined ? {} : { cert: connection.cert }),
    ...(connection.key === undefined ? {} : { key: connection.key }),
    ...(connection.servername === undefined ? {} : { servername: connection.servername }),
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
  });
}
