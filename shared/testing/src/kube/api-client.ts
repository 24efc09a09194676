import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';

/** The API server's answer was not 2xx; `status` is the HTTP code, `reason` the Status object's. */
export class ApiRequestError extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(what: string, status: number, body: string) {
    const parsed = parseStatus(body);
    super(`failed to ${what}: ${String(status)} ${parsed.message}`);
    this.name = 'ApiRequestError';
    this.status = status;
    this.reason = parsed.reason;
  }
}

function parseStatus(body: string): { reason: string; message: string } {
  try {
    const { reason, message } = JSON.parse(body) as { reason?: string; message?: string };
    return { reason: reason ?? '', message: message ?? body };
  } catch {
    return { reason: '', message: body };
  }
}

/** Where the API server is, and as whom to talk to it. */
export interface ApiClientOptions {
  /** `https://127.0.0.1:6443`. */
  server: string;
  caCertificate: string;
  /** Client certificate and key, PEM. */
  certificate?: string;
  key?: string;
  /** Bearer token instead. */
  token?: string;
}

/** One request: a path with its query, a body that is sent as JSON. */
interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/namespaces/x/configmaps?limit=1`. */
  path: string;
  body?: unknown;
  /** Default `application/json`. */
  contentType?: string;
  /** Default `application/json`. */
  accept?: string;
  /** Default 30,000. */
  timeoutMs?: number;
}

/** The few requests that orchestration and tests need; controllers use @mooring/runtime's client. */
export interface ApiClient {
  server: string;
  /** Sends one request and returns the parsed body; throws ApiRequestError unless the answer is 2xx. */
  request<T = unknown>(input: ApiRequest): Promise<T>;
  /** Closes kept-alive connections. */
  close: () => void;
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function headersFor(input: ApiRequest, options: ApiClientOptions, body: string | undefined): Record<string, string> {
  return {
    accept: input.accept ?? 'application/json',
    ...(body === undefined
      ? {}
      : {
          'content-type': input.contentType ?? 'application/json',
          'content-length': String(Buffer.byteLength(body)),
        }),
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
  };
}

/** Creates a client with a connection pool of its own. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const agent = new Agent({
    keepAlive: true,
    ca: options.caCertificate,
    ...(options.certificate === undefined ? {} : { cert: options.certificate }),
    ...(options.key === undefined ? {} : { key: options.key }),
  });
  const send = (input: ApiRequest, body: string | undefined): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(input.timeoutMs ?? 30_000);
      const headers = headersFor(input, options, body);
      const url = new URL(input.path, options.server);
      const outgoing = httpsRequest(url, { method: input.method ?? 'GET', agent, headers, signal }, (response) => {
        readAll(response).then((text) => {
          resolve({ status: response.statusCode ?? 0, text });
        }, reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return {
    server: options.server,
    request: async <T>(input: ApiRequest): Promise<T> => {
      const body = input.body === undefined ? undefined : JSON.stringify(input.body);
      const { status, text } = await send(input, body);
      if (status < 200 || status > 299) {
        throw new ApiRequestError(`${input.method ?? 'GET'} ${input.path.split('?')[0] ?? ''}`, status, text);
      }
      return (text.startsWith('{') ? JSON.parse(text) : text) as T;
    },
    close: () => {
      agent.destroy();
    },
  };
}
