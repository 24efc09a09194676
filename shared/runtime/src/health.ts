import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Freshness } from './informer.ts';

/** Answers `undefined` when well, else one line that says what is wrong. MUST be quick and MUST NOT throw. */
export type HealthCheck = () => string | undefined;

/** What the server serves. */
export interface HealthServerOptions {
  /** Default `0.0.0.0`. */
  readonly address?: string | undefined;
  /** 0: any free port (see `port`). */
  readonly port: number;
  /** By name; any that fails makes `/healthz` 503 and the kubelet restart the process: only for what a restart cures. */
  readonly liveness?: Readonly<Record<string, HealthCheck>> | undefined;
  /** By name; any that fails makes `/readyz` 503. */
  readonly readiness?: Readonly<Record<string, HealthCheck>> | undefined;
  /**
   * The text of `/metrics`, at once or in pieces (`renderMetricsInPieces` of @mooring/telemetry): 60,000 series at once cost 58 MiB of
   * resident memory, in pieces 18 (2026-11).
   */
  readonly renderMetrics?: (() => Promise<string> | AsyncIterable<string>) | undefined;
}

/** A cache that is cut off for so long is not ready, milliseconds: longer than a watch takes to be renewed. */
const CUT_OFF_MS = 5_000;

/** Serves `/healthz`, `/readyz` and `/metrics` on one port. Ready only between `start` and `drain`. */
export class HealthServer {
  readonly #options: HealthServerOptions;
  readonly #server: Server;
  #isDraining = false;

  constructor(options: HealthServerOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = 256;
  }

  /** Listens. Throws Error with Node's `code` (EADDRINUSE) and the cure. */
  async start(): Promise<void> {
    const { port, address = '0.0.0.0' } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(
          new Error(`failed to serve health on '${address}:${port}': set MOORING_HEALTH_PORT to a free port`, {
            cause,
          }),
        );
      });
      this.#server.listen(port, address, resolve);
    });
  }

  /** The port it listens on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on `/readyz` says 503; the rest goes on. */
  drain(): void {
    this.#isDraining = true;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, { status: 405, text: 'only GET\n' });
      return;
    }
    switch ((request.url ?? '').split('?', 1)[0]) {
      case '/healthz':
        send(response, report(this.#options.liveness ?? {}));
        return;
      case '/readyz':
        send(
          response,
          report({ ...this.#options.readiness, shutdown: () => (this.#isDraining ? 'stopping' : undefined) }),
        );
        return;
      case '/metrics':
        await this.#sendMetrics(response);
        return;
      default:
        send(response, { status: 404, text: 'try /healthz, /readyz or /metrics\n' });
    }
  }

  async #sendMetrics(response: ServerResponse): Promise<void> {
    try {
      const rendered = this.#options.renderMetrics?.() ?? Promise.resolve('');
      if (Symbol.asyncIterator in rendered) await stream(response, rendered);
      else send(response, { status: 200, text: await rendered, contentType: METRICS_TYPE });
    } catch {
      // A stream that broke has taken its connection with it: the scraper must not take half for all.
      if (response.headersSent) return;
      send(response, { status: 500, text: 'the metrics cannot be rendered; the log says more\n' });
    }
  }
}

/** Readiness of a cache: synced, and its watch open or only just cut off. */
export function cacheReadiness(informer: { freshness(): Freshness }): HealthCheck {
  return () => {
    const { synced, connected, ageMs } = informer.freshness();
    if (!synced) return 'the first list is not complete';
    return connected || ageMs < CUT_OFF_MS ? undefined : 'the watch is broken';
  };
}

/** 200 or 503 and one line a check: `[+]name ok`, `[-]name failed: why`. */
function report(checks: Readonly<Record<string, HealthCheck>>): { status: number; text: string } {
  const lines = Object.entries(checks).map(([name, check]) => ({ name, failure: check() }));
  const text = lines
    .map(({ name, failure }) => (failure === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${failure}\n`))
    .join('');
  const isWell = lines.every(({ failure }) => failure === undefined);
  return { status: isWell ? 200 : 503, text: isWell ? `${text}ok\n` : text };
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

async function stream(response: ServerResponse, pieces: AsyncIterable<string>): Promise<void> {
  response.writeHead(200, headers(METRICS_TYPE));
  await pipeline(pieces, response);
}

function headers(contentType: string): Record<string, string> {
  return { 'content-type': contentType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
}

function send(response: ServerResponse, answer: { status: number; text: string; contentType?: string }): void {
  response.writeHead(answer.status, headers(answer.contentType ?? 'text/plain; charset=utf-8'));
  response.end(answer.text);
}
