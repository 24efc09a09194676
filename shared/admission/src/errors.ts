import type { ErrorRegistry } from '@mooring/api';

/** What a webhook itself may answer or log, beside the denials of the rules; docs/errors.md is made from it. */
export const errorRegistry = {
  FactUnavailable: {
    kind: 'transient',
    httpStatus: 503,
    exitCode: 1,
    template:
      'a fact that the review rests on cannot be had: a cache is unfilled or stale, or the API server is silent',
    cure: 'try again in a moment (kubectl does so by itself); if it stays, look at /readyz of the webhook',
  },
  ReviewLate: {
    kind: 'transient',
    httpStatus: 503,
    exitCode: 1,
    template: 'the review took too long',
    cure: 'try again in a moment; if it stays, give the webhook more CPU or raise webhooks.timeoutSeconds in the chart',
  },
  ReviewUnreadable: {
    kind: 'stalled',
    httpStatus: 400,
    exitCode: 1,
    template:
      'the request is no AdmissionReview of a kind that is reviewed (too large: 413, no JSON: 415, another method: 405)',
    cure: 'send what the API server sends, and install the webhook configuration of the same chart version',
  },
  ReviewFailed: {
    kind: 'corrupt',
    httpStatus: 500,
    exitCode: 1,
    template: 'the webhook failed to review the request',
    cure: 'look for the error in its log and report it: this is a defect',
  },
  CertificateUnusable: {
    kind: 'stalled',
    httpStatus: 500,
    exitCode: 1,
    template: 'the Secret mooring-webhook-tls holds a certificate that cannot serve; what was served before goes on',
    cure: 'it is made anew by itself; with cert-manager, look at its Certificate mooring-webhook-tls',
  },
  ListenFailed: {
    kind: 'stalled',
    httpStatus: 500,
    exitCode: 1,
    template: "the webhook's address and port cannot be had",
    cure: 'set MOORING_WEBHOOK_ADDRESS and MOORING_WEBHOOK_PORT to a free one',
  },
} as const satisfies ErrorRegistry;
