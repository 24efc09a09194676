import { createServer } from 'node:https';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Serving key and certificate chain, PEM. */
export interface ServingCertificate {
  readonly key: string;
  readonly certificate: string;
}

/**
 * The API server closes an idle connection after 90 s. Ours must live longer, or a request meets a socket that is being
 * closed; each new connection costs four times the CPU of a review (measured 2026-08).
 */
const KEEP_ALIVE_MS = 120_000;
/**
 * A request, headers or body, must arrive within this time: reviews come over the cluster's own network. The limit for
 * headers is the same: Node swaps the two when the limit for headers is the larger one (tried on Node 24: a slow body then
 * lived for 125 s). It counts both from a request's first byte, so neither ends a connection between two requests; but before
 * the first one it counts from the connection's start, see `#onClientError`.
 */
const REQUEST_TIMEOUT_MS = 9_000;
/** What Node answers to requests that cannot be read, by its error's code. */
const STATUS_OF: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};
/** How often Node looks for requests that are too slow. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * How long no request may have run before the remaining connections are closed at a stop: they were opened and never used,
 * which Node counts as busy. A request that is just arriving on one of them is still answered.
 */
const QUIET_MS = 300;

/** The address cannot be had; `cause` is the system's error. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly kind = 'stalled';

  constructor(address: string, port: number, cause: Error) {
    super(
      `failed to listen on '${address}:${String(port)}': set MOORING_WEBHOOK_ADDRESS and MOORING_WEBHOOK_PORT to a free one`,
      { cause },
    );
  }
}

/** How a server listens. */
export interface ListenOptions {
  readonly handler: RequestListener;
  readonly certificate: ServingCertificate;
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  /** Default 9,000. */
  readonly requestTimeoutMs?: number;
}

/**
 * Starts an HTTPS server (HTTP/1.1: the API server speaks nothing else to webhooks, and express nothing else at all).
 *
 * @throws ListenError when the address is in use or not ours
 */
export async function listen(options: ListenOptions): Promise<HttpsServer> {
  const server = new HttpsServer(options);
  await server.listen(options);
  return server;
}

/** A running HTTPS server. */
export class HttpsServer {
  readonly #server: Server;
  readonly #running = new Set<ServerResponse>();
  #port = 0;
  #isDraining = false;
  #onQuiet: (() => void) | undefined;

  constructor({ handler, certificate, requestTimeoutMs = REQUEST_TIMEOUT_MS }: ListenOptions) {
    this.#server = createServer(
      {
        key: certificate.key,
        cert: certificate.certificate,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, requestTimeoutMs),
        keepAliveTimeout: KEEP_ALIVE_MS,
        headersTimeout: requestTimeoutMs,
        requestTimeout: requestTimeoutMs,
        // Who connects and says nothing (a port scan, a TCP probe) must not hold up a stop.
        handshakeTimeout: requestTimeoutMs,
      },
      (request, response) => {
        this.#track(response);
        handler(request, response);
      },
    );
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onClientError(error, socket));
  }

  /** Binds the address; see `listen`. */
  async listen({ address, port }: Pick<ListenOptions, 'address' | 'port'>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(new ListenError(address, port, cause)));
      this.#server.listen(port, address, () => {
        this.#server.removeAllListeners('error');
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** The port it listens on; the one asked for, or the system's choice for 0; kept after the end. */
  get port(): number {
    return this.#port;
  }

  /** New connections get this certificate from now on; open ones stay up with the old one. Nothing is restarted. */
  setCertificate({ key, certificate }: ServingCertificate): void {
    this.#server.setSecureContext({ key, cert: certificate, minVersion: 'TLSv1.2' });
  }

  /** From now on every answer asks its client to connect anew, elsewhere; still takes connections. */
  drain(): void {
    this.#isDraining = true;
    for (const response of this.#running) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
  }

  /**
   * Drains, takes no new connections, answers the requests that are running and closes. Hard end after `hardStopMs`.
   *
   * A request that meets a connection just being closed is lost, and the API server refuses what it was about. So an idle
   * connection is closed only in the moment after Node has read everything that had arrived; `drain` before has left few.
   */
  async close(hardStopMs: number): Promise<void> {
    this.drain();
    const closeAll = (): void => this.#server.closeAllConnections();
    const hardStop = setTimeout(closeAll, hardStopMs);
    let quiet: NodeJS.Timeout | undefined;
    this.#onQuiet = () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => {
        void untilRead().then(() => {
          if (this.#running.size === 0) closeAll();
        });
      }, QUIET_MS);
    };
    await untilRead();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      this.#onQuiet?.();
    });
    clearTimeout(hardStop);
    clearTimeout(quiet);
  }

  /**
   * As Node does without a listener, but for connections that no request has come on yet: the API server opens more than it
   * needs and keeps them. Node would end them with 408, which a review that is just being sent would take for its answer.
   */
  #onClientError({ code = '' }: NodeJS.ErrnoException, socket: Duplex): void {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket instanceof Socket && socket.bytesRead === 0) {
      socket.setTimeout(KEEP_ALIVE_MS);
      return;
    }
    const isAnswering = [...this.#running].some((response) => response.socket === socket && response.headersSent);
    if (socket.writable && !isAnswering)
      socket.write(`HTTP/1.1 ${STATUS_OF[code] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
    socket.destroy();
  }

  #track(response: ServerResponse): void {
    this.#running.add(response);
    response.once('close', () => {
      this.#running.delete(response);
      if (this.#running.size === 0) this.#onQuiet?.();
    });
    if (this.#isDraining) response.setHeader('connection', 'close');
  }
}

/** Two turns of the event loop, so that Node has surely polled its sockets in between, and has just done so. */
async function untilRead(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
