import { createValidator } from '@mooring/admission';
import type { WebhookKind } from '@mooring/admission';
import { coreResources } from '@mooring/runtime';

/** The webhook that rejects what must never be stored. Path and names are Longhorn's, so its clients know them. */
export const validatingWebhook: WebhookKind = {
  service: 'validating-webhook',
  path: '/v1/webhook/validation',
  configurationType: coreResources.validatingWebhookConfigurations,
  configurationName: 'mooring-validating-webhook',
  createReviewer: createValidator,
};
