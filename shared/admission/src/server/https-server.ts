import { createServer } from 'node:https';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Serving key and certificate chain, PEM. */
export interface ServingCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** A running HTTPS server. */
export interface HttpsServer {
  /** The port it listens on; the one asked for, or the system's choice for 0. */
  readonly port: number;
  /** New connections get this certificate from now on; open ones stay up with the old one. Nothing is restarted. */
  setCertificate(certificate: ServingCertificate): void;
  /** From now on every answer asks its client to connect anew, elsewhere; still takes connections. */
  drain(): void;
  /** Drains, takes no new connections, answers the requests that are running and closes. Hard end after `hardStopMs`. */
  close(hardStopMs: number): Promise<void>;
}

/**
 * The API server closes an idle connection after 90 s. Ours must live longer, or a request meets a socket that is being
 * closed; each new connection costs four times the CPU of a review (measured 2026-08).
 */
const KEEP_ALIVE_MS = 120_000;
/**
 * A request, headers or body, must arrive within this time: reviews come over the cluster's own network. The limit for
 * headers is the same: Node counts both from a request's first byte, so neither ends an idle connection, and it swaps the
 * two when the limit for headers is the larger one (tried on Node 24: a slow body then lived for 125 s).
 */
const REQUEST_TIMEOUT_MS = 9_000;
/** How often Node looks for requests that are too slow. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * Starts an HTTPS server (HTTP/1.1: the API server speaks nothing else to webhooks, and express nothing else at all).
 *
 * @throws the system's error when the address is in use or not ours
 */
export async function listen(options: {
  readonly handler: RequestListener;
  readonly certificate: ServingCertificate;
  readonly address: string;
  readonly port: number;
  readonly requestTimeoutMs?: number;
}): Promise<HttpsServer> {
  const { handler, certificate, address, port, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  let draining = false;
  const responses = new Set<ServerResponse>();
  const server = createServer(
    {
      key: certificate.key,
      cert: certificate.certificate,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, requestTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
    },
    (request, response) => {
      responses.add(response);
      response.once('close', () => responses.delete(response));
      if (draining) response.setHeader('connection', 'close');
      handler(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const drain = (): void => {
    draining = true;
    for (const response of responses) if (!response.headersSent) response.setHeader('connection', 'close');
  };
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: ({ key, certificate: cert }) => server.setSecureContext({ key, cert, minVersion: 'TLSv1.2' }),
    drain,
    close: (hardStopMs) => {
      drain();
      return close(server, hardStopMs);
    },
  };
}

async function close(server: Server, hardStopMs: number): Promise<void> {
  const hardStop = setTimeout(() => server.closeAllConnections(), hardStopMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(hardStop);
}
