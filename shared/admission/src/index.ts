/**
 * @mooring/admission: everything around the rules of @mooring/api: HTTPS server, AdmissionReview adapter, facts,
 * certificates.
 */
export { createMutator } from './review/mutator.ts';
export { createValidator } from './review/validator.ts';
export { Webhook } from './webhook.ts';
export type { WebhookKind, WebhookOptions, WebhookSettings } from './webhook.ts';
export { startWebhookService } from './webhook-service.ts';
export type { WebhookServiceOptions } from './webhook-service.ts';
export { readWebhookConfig } from './webhook-config.ts';
export type { WebhookConfig } from './webhook-config.ts';
export { errorRegistry } from './errors.ts';
