import { createMutator } from '@mooring/admission';
import type { WebhookKind } from '@mooring/admission';
import { coreResources } from '@mooring/runtime';

/** The webhook that fills in defaults, labels and finalizers. Path and names are Longhorn's, so its clients know them. */
export const mutatingWebhook: WebhookKind = {
  service: 'mutating-webhook',
  path: '/v1/webhook/mutation',
  configurationType: coreResources.mutatingWebhookConfigurations,
  configurationName: 'mooring-mutating-webhook',
  createReviewer: createMutator,
};
