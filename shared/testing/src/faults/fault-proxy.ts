import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { freePort } from '../processes/ports.ts';
import { createFaultRules, type Fault, type FaultRules, type FaultSelection } from './fault-rules.ts';
import { createForwarder, resetClient, type Forwarder, type Upstream } from './forward.ts';
import { storeOperation, type RequestLine } from './operations.ts';

/** How a misbehaving proxy is started. */
export interface FaultProxyOptions extends Upstream {
  /** Delay of every request, milliseconds; default 0. */
  delayMs?: number;
  /** Names a request's operation for `counts`; default: that of an object store. */
  operationOf?: (line: RequestLine) => string;
  /** PEM: serves HTTPS with this certificate. */
  tls?: { certificate: string; key: string };
  /** Default: a free one. */
  port?: number;
}

/** An HTTP proxy in front of one server that delays, counts and fails requests. */
export interface FaultProxy {
  /** `http://127.0.0.1:<port>`; give this to the client instead of the server's address. */
  url: string;
  setDelayMs(delayMs: number): void;
  /** Adds a fault; the returned function removes it. First added, first matched. */
  add(fault: Fault, selection?: FaultSelection): () => void;
  /** The next `times` (default 1) matching requests get this status; the server never sees them. */
  failNext(times?: number, options?: { status?: number; body?: string; when?: FaultSelection['when'] }): () => void;
  /** Matching requests are accepted and never answered. */
  hang(selection?: FaultSelection): () => void;
  /** Matching requests' connections are reset before the server sees them. */
  reset(selection?: FaultSelection): () => void;
  /** Matching answers end after so many bytes of their body, the connection closed. */
  truncate(afterBytes: number, selection?: FaultSelection): () => void;
  /** The server carries out matching requests, then their connections are reset. */
  dieAfterWrite(selection?: FaultSelection): () => void;
  /** Removes all faults (not the delay). Requests that hang already go on hanging until their client gives up. */
  clear(): void;
  /** No byte of any answer passes, open watches included, until `thaw`; connections stay open. */
  freeze(): void;
  thaw(): void;
  /** Resets every open connection; new ones are served. */
  cut(): void;
  /** Resets every open connection and refuses new ones until `listen`. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  /** Requests by operation since the start or `resetCounts`, faults included. */
  counts(): Record<string, number>;
  /** Most requests that were open at once since the start or `resetCounts`. */
  peakInFlight(): number;
  resetCounts(): void;
  stop(): Promise<void>;
}

function createCounter() {
  let counts: Record<string, number> = {};
  let total = 0;
  let inFlight = 0;
  let peak = 0;
  return {
    begin: (operation: string, outgoing: ServerResponse): number => {
      counts[operation] = (counts[operation] ?? 0) + 1;
      inFlight += 1;
      peak = Math.max(peak, inFlight);
      outgoing.once('close', () => (inFlight -= 1));
      return total++;
    },
    counts: () => ({ ...counts }),
    peak: () => peak,
    reset: () => {
      counts = {};
      total = 0;
      peak = inFlight;
    },
  };
}

/** Carries out the faults that need no server; true when the request ends here. */
function endsHere(fault: Fault | undefined, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  if (fault?.kind === 'answer') {
    incoming.resume();
    const body = fault.body ?? '';
    // Content-Length only if the test says nothing else: a made-up answer may lie about it on purpose.
    outgoing.writeHead(fault.status, { 'content-length': String(Buffer.byteLength(body)), ...fault.headers });
    outgoing.end(body);
    return true;
  }
  if (fault?.kind === 'reset') {
    resetClient(outgoing);
    return true;
  }
  if (fault?.kind === 'hang') incoming.resume();
  return fault?.kind === 'hang';
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function createServer(options: FaultProxyOptions): Server {
  const server =
    options.tls === undefined
      ? createHttpServer()
      : createHttpsServer({ cert: options.tls.certificate, key: options.tls.key });
  // Clients decide how long a connection lives; a server that closes idle ones makes random failures of its own.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  return server;
}

function trackSockets(server: Server): { resetAll: () => void } {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return {
    resetAll: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

interface Parts {
  rules: FaultRules;
  counter: ReturnType<typeof createCounter>;
  forwarder: Forwarder;
  operationOf: (line: RequestLine) => string;
  /** Changed while the proxy runs. */
  delay: { ms: number };
}

function createHandler({ rules, counter, forwarder, operationOf, delay }: Parts) {
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const line = { method: incoming.method ?? 'GET', url: incoming.url ?? '/' };
    const operation = operationOf(line);
    const index = counter.begin(operation, outgoing);
    const fault = rules.pick({ ...line, operation, headers: incoming.headers, index });
    const waitMs = delay.ms + (fault?.kind === 'delay' ? fault.delayMs : 0);
    const goOn = () => {
      if (!endsHere(fault, incoming, outgoing)) forwarder.forward(incoming, outgoing, fault);
    };
    if (waitMs === 0) goOn();
    else setTimeout(goOn, waitMs);
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/**
 * Starts the proxy in this process. Counts and delays first, then the first matching fault, else the request goes on.
 * About 0.1 ms of CPU a request.
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const port = options.port ?? (await freePort());
  const delay = { ms: options.delayMs ?? 0 };
  const rules = createFaultRules();
  const counter = createCounter();
  const forwarder = createForwarder(options);
  const server = createServer(options);
  const sockets = trackSockets(server);
  server.on(
    'request',
    createHandler({ rules, counter, forwarder, delay, operationOf: options.operationOf ?? storeOperation }),
  );
  await listenOn(server, port);

  const refuse = (): Promise<void> => {
    const closed = closeServer(server);
    sockets.resetAll();
    return closed;
  };
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`,
    setDelayMs: (value) => {
      delay.ms = value;
    },
    ...conveniences(rules.add),
    add: rules.add,
    clear: rules.clear,
    freeze: () => {
      forwarder.setFrozen(true);
    },
    thaw: () => {
      forwarder.setFrozen(false);
    },
    cut: sockets.resetAll,
    refuse,
    listen: () => listenOn(server, port),
    counts: counter.counts,
    peakInFlight: counter.peak,
    resetCounts: counter.reset,
    stop: async () => {
      await refuse();
      forwarder.close();
    },
  };
}

type Conveniences = Pick<FaultProxy, 'failNext' | 'hang' | 'reset' | 'truncate' | 'dieAfterWrite'>;

function conveniences(add: FaultProxy['add']): Conveniences {
  return {
    failNext: (times = 1, { status = 500, body = '', when } = {}) =>
      add({ kind: 'answer', status, body }, { times, ...(when === undefined ? {} : { when }) }),
    hang: (selection) => add({ kind: 'hang' }, selection),
    reset: (selection) => add({ kind: 'reset' }, selection),
    truncate: (afterBytes, selection) => add({ kind: 'truncate', afterBytes }, selection),
    dieAfterWrite: (selection) => add({ kind: 'die-after-write' }, selection),
  };
}
