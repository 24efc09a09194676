import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Fault } from './fault-rules.ts';

/** The server behind a proxy. */
export interface Upstream {
  /** `http://127.0.0.1:7070` or `https://…`. */
  target: string;
  /** PEM; for an https target. */
  ca?: string;
  /** Client certificate for requests that carry no Authorization of their own. */
  certificate?: string;
  key?: string;
}

/** Sends requests on and their answers back, unchanged (the Host header too: S3 signs it). */
export interface Forwarder {
  forward(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void;
  /** While frozen no byte of any answer is passed on: a half-open or stalled connection to whoever waits. */
  setFrozen(isFrozen: boolean): void;
  close(): void;
}

/** Connections to the server that are kept; far above what a test opens. */
const MAX_SOCKETS = 1_024;

/** Set anew for the connection to the client. */
const hopByHop = new Set(['connection', 'keep-alive']);

function passOnHeaders(answer: IncomingMessage): string[] {
  const { rawHeaders } = answer;
  return rawHeaders.filter((_, index) => !hopByHop.has((rawHeaders[index - (index % 2)] ?? '').toLowerCase()));
}

interface PassSome {
  answer: IncomingMessage;
  outgoing: ServerResponse;
  afterBytes: number;
  done: () => void;
}

/** Passes the first bytes of the body on, then `done` decides what becomes of the connection. */
function passSome({ answer, outgoing, afterBytes, done }: PassSome): void {
  let left = afterBytes;
  answer.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    outgoing.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) done();
  });
  answer.on('end', () => {
    if (left > 0) done();
  });
  if (afterBytes === 0) {
    outgoing.flushHeaders();
    done();
  }
}

function answerWith(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
  if (fault?.kind === 'die-after-write') {
    answer.resume();
    answer.on('end', () => resetClient(outgoing));
    return;
  }
  outgoing.sendDate = false;
  outgoing.writeHead(answer.statusCode ?? 502, passOnHeaders(answer));
  if (fault?.kind === 'truncate') {
    const done = () => outgoing.socket?.end();
    passSome({ answer, outgoing, afterBytes: fault.afterBytes, done });
  } else if (fault?.kind === 'stall') {
    passSome({ answer, outgoing, afterBytes: fault.afterBytes, done: () => undefined });
  } else {
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  }
}

function createSender(upstream: Upstream): { send: (incoming: IncomingMessage) => ClientRequest; close: () => void } {
  const url = new URL(upstream.target);
  const isTls = url.protocol === 'https:';
  const pool = { keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: 'lifo' } as const;
  const tls = { ...pool, ...(upstream.ca === undefined ? {} : { ca: upstream.ca }) };
  const plainAgent = isTls ? new HttpsAgent(tls) : new HttpAgent(pool);
  const ownAgent =
    isTls && upstream.certificate !== undefined && upstream.key !== undefined
      ? new HttpsAgent({ ...tls, cert: upstream.certificate, key: upstream.key })
      : plainAgent;
  const send = isTls ? httpsRequest : httpRequest;
  return {
    send: ({ method, url: path, headers }) => {
      const agent = headers.authorization === undefined ? ownAgent : plainAgent;
      const { connection: _, ...rest } = headers;
      return send({
        host: url.hostname,
        port: url.port,
        agent,
        method: method ?? 'GET',
        path: path ?? '/',
        headers: rest,
      });
    },
    close: () => {
      plainAgent.destroy();
      ownAgent.destroy();
    },
  };
}

/** Breaks the client's connection: by RST where Node can (it cannot on a TLS socket, and throws), else without a word. */
export function resetClient(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket === null || socket.destroyed) return;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Creates the forwarder with a connection pool of its own. */
export function createForwarder(upstream: Upstream): Forwarder {
  const sender = createSender(upstream);
  const answers = new Set<IncomingMessage>();
  const waiting: (() => void)[] = [];
  let isFrozen = false;

  const whenThawed = (fn: () => void) => {
    if (isFrozen) waiting.push(fn);
    else fn();
  };

  const track = (answer: IncomingMessage, request: ClientRequest, outgoing: ServerResponse) => {
    answers.add(answer);
    // The server's connection broke in the middle of its answer: so does the client's.
    answer.on('error', () => resetClient(outgoing));
    answer.on('close', () => answers.delete(answer));
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) request.destroy();
    });
  };

  return {
    forward: (incoming, outgoing, fault) => {
      const request = sender.send(incoming);
      request.on('error', () => resetClient(outgoing));
      request.on('response', (answer) => {
        track(answer, request, outgoing);
        whenThawed(() => {
          answerWith(answer, outgoing, fault);
        });
      });
      // A client that gives up before the answer: the server is not asked on its behalf any more.
      outgoing.on('close', () => {
        if (!outgoing.writableEnded && fault?.kind !== 'die-after-write') request.destroy();
      });
      incoming.pipe(request);
    },
    setFrozen: (frozen) => {
      isFrozen = frozen;
      for (const answer of answers) {
        if (frozen) answer.pause();
        else answer.resume();
      }
      if (!frozen) for (const fn of waiting.splice(0)) fn();
    },
    close: () => {
      sender.close();
    },
  };
}
