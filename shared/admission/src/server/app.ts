import express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import type { AdmissionRequest, AdmissionResponse, AdmissionReview } from '../review/admission-review.ts';
import { readReview } from '../review/read-review.ts';
import { reject, retryLater } from '../review/responses.ts';
import { reviewDeadlineMs } from './deadline.ts';

/** Judges one request. May throw: the server answers 500 for it. `signal` aborts when the API server will stop waiting. */
export type Reviewer = (request: AdmissionRequest, signal: AbortSignal) => Promise<AdmissionResponse>;

/** What `createApp` needs. */
export interface AppOptions {
  /** Path of the webhook: `/v1/webhook/mutation` or `/v1/webhook/validation`. */
  readonly path: string;
  readonly review: Reviewer;
  /** W3C traceparent of the caller (undefined when it sent none) around a review. */
  readonly inTrace: <T>(traceparent: string | undefined, request: AdmissionRequest, fn: () => Promise<T>) => Promise<T>;
  /** Told about every error that is ours (500) and every request that could not be read (4xx). */
  readonly onError: (error: unknown, status: number) => void;
}

/**
 * Largest body. etcd takes objects up to 1.5 MiB and an UPDATE carries two, so 3 MB holds every real review.
 */
const BODY_LIMIT = '3mb';
/** body-parser's and express's errors carry the HTTP status that fits. */
const INTERNAL_ERROR = 500;

/**
 * The webhook's HTTP interface as an express application.
 *
 * - `POST path` with an AdmissionReview → 200 and an AdmissionReview, whatever the verdict
 * - an unreadable body → 4xx with an AdmissionReview (`uid` empty when it could not be read)
 * - another method → 405, another path → 404, `GET /v1/healthz` → 200 `ok`
 */
export function createApp({ path, review, inTrace, onError }: AppOptions): Express {
  const app = express();
  // Both cost 18–20 % of a review's CPU and serve nobody here.
  app.disable('etag');
  app.disable('x-powered-by');
  app.get('/v1/healthz', (_request, response) => void response.type('text/plain').send('ok'));
  app.post(path, requireJson, express.json({ limit: BODY_LIMIT, strict: false }), async (request, response) => {
    const read = readReview(request.body);
    if ('problem' in read) {
      onError(new Error(`failed to read an admission review: ${read.problem}`), 400);
      response
        .status(400)
        .json(envelope(reject(read.uid ?? '', 400, `failed to read the admission review: ${read.problem}`)));
      return;
    }
    const deadlineMs = reviewDeadlineMs(request.query['timeout']);
    const verdict = await inTrace(request.get('traceparent'), read.request, () =>
      judge({ review, request: read.request, deadlineMs, onError }),
    );
    response.json(envelope(verdict));
  });
  app.all(path, (_request, response) => {
    response
      .set('Allow', 'POST')
      .status(405)
      .json(envelope(reject('', 400, 'only POST is allowed here')));
  });
  app.use((_request, response) => {
    response.status(404).json(envelope(reject('', 400, `no such path; admission reviews go to ${path}`)));
  });
  app.use(errorHandler(onError));
  return app;
}

/** Runs the reviewer; a defect of ours becomes a 500 verdict and a missed deadline a retryable one. */
async function judge(options: {
  review: Reviewer;
  request: AdmissionRequest;
  deadlineMs: number;
  onError: AppOptions['onError'];
}): Promise<AdmissionResponse> {
  const { review, request, deadlineMs, onError } = options;
  const deadline = new AbortController();
  const late = Promise.withResolvers<AdmissionResponse>();
  const timer = setTimeout(() => {
    late.resolve(retryLater(request.uid, 'the review took too long'));
    deadline.abort();
  }, deadlineMs);
  try {
    return await Promise.race([review(request, deadline.signal), late.promise]);
  } catch (error) {
    onError(error, INTERNAL_ERROR);
    return reject(request.uid, 500, 'the webhook failed to review the request: see its log');
  } finally {
    clearTimeout(timer);
  }
}

const requireJson: RequestHandler = (request, response, next) => {
  if (request.is('application/json') !== false) {
    next();
    return;
  }
  response.status(415).json(envelope(reject('', 400, "the body must be JSON: set content-type 'application/json'")));
};

/** Always answers an AdmissionReview. */
function errorHandler(onError: AppOptions['onError']): ErrorRequestHandler {
  // eslint-disable-next-line max-params -- express knows an error handler by its four parameters
  return (error, _request, response, next) => {
    const status = statusOf(error);
    onError(error, status);
    if (response.headersSent) {
      next(error);
      return;
    }
    const code = status >= INTERNAL_ERROR ? 500 : 400;
    response.status(status).json(envelope(reject('', code, describeStatus(status))));
  };
}

function statusOf(error: unknown): number {
  const status: unknown = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : INTERNAL_ERROR;
}

/** Never the error's own text: it would quote the body. */
function describeStatus(status: number): string {
  if (status === 413) return `the body is larger than ${BODY_LIMIT}`;
  if (status >= INTERNAL_ERROR) return 'the webhook failed to review the request: see its log';
  return 'the body is not JSON';
}

function envelope(response: AdmissionResponse): AdmissionReview {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}
