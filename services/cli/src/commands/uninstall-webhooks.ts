import { coreResources, isNotFound, type KubeClient } from '@mooring/runtime';

/** The chart's. */
const CONFIGURATIONS = [
  [coreResources.mutatingWebhookConfigurations, 'mooring-mutating-webhook'],
  [coreResources.validatingWebhookConfigurations, 'mooring-validating-webhook'],
] as const;

/**
 * Takes both webhook configurations away, which helm would do a moment later. They spare the account of this Job, but that needs their
 * matchConditions, which an older tool that writes them loses: then a webhook that is down refuses every finalizer's removal, and one that
 * works puts the finalizer back; as it does for a user who writes an object just now. Throws ApiError, ConnectionError.
 */
export async function removeWebhooks(kube: KubeClient): Promise<void> {
  for (const [type, name] of CONFIGURATIONS) {
    try {
      await kube.delete(type, { name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
