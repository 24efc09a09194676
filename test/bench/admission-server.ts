/**
 * One of the two servers that admission.bench.ts compares, in a process of its own so that its CPU time is its own:
 * `express` is the server as built, `bare` the least that node:https can do with the same reviewer.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { createMutator } from '@mooring/admission';
import { makeCertificates } from '../../shared/admission/src/certificates/make-certificates.ts';
import { readReview } from '../../shared/admission/src/review/read-review.ts';
import { createApp } from '../../shared/admission/src/server/app.ts';
import type { Reviewer } from '../../shared/admission/src/server/app.ts';
import { listen } from '../../shared/admission/src/server/https-server.ts';

const PATH = '/v1/webhook/mutation';

/** What the parent is told once. */
export interface ServerReady {
  readonly port: number;
  readonly ca: string;
}

/** What the parent is told whenever it asks: CPU time since the start, microseconds. */
export interface ServerUsage {
  readonly cpuMicros: number;
}

function createReviewer(): Reviewer {
  return createMutator({
    // A BackupTarget's defaults rest on no facts; what is measured is the way through the server.
    source: { answer: () => Promise.resolve(null) },
    objectNamespace: 'longhorn-system',
    allowedSchemes: ['s3'],
    traceparent: () => undefined,
  });
}

function expressHandler(review: Reviewer): RequestListener {
  return createApp({
    path: PATH,
    review,
    inTrace: (_parent, _request, fn) => fn(),
    onError: (error) => {
      throw error;
    },
  });
}

function bareHandler(review: Reviewer): RequestListener {
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const read = readReview(await json(incoming));
    if ('problem' in read) throw new Error(`failed to read a review: ${read.problem}`);
    const response = await review(read.request, new AbortController().signal);
    const body = Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    outgoing.end(body);
  };
  return (incoming, outgoing) => void answer(incoming, outgoing);
}

const review = createReviewer();
const bundle = await makeCertificates({ hosts: ['127.0.0.1'], nowMs: Date.now() });
const server = await listen({
  handler: process.argv[2] === 'express' ? expressHandler(review) : bareHandler(review),
  certificate: bundle,
  address: '127.0.0.1',
  port: 0,
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system } satisfies ServerUsage);
});
process.send?.({ port: server.port, ca: bundle.caCertificate } satisfies ServerReady);
