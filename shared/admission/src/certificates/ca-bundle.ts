/** The part of a webhook configuration (mutating or validating) that carries trust. */
export interface WebhookConfiguration {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

/** One operation of the patch. */
export interface CaBundlePatchOp {
  readonly op: 'test' | 'add';
  readonly path: string;
  readonly value: string;
}

/**
 * The JSON patch that gives every webhook of a configuration this CA; empty when all have it.
 *
 * Safe against a concurrent edit: each change is preceded by a `test` of the webhook's name at that index, so a list that
 * somebody reordered makes the API server refuse the patch instead of trusting the wrong entry.
 *
 * @param caPem certificate of the authority, PEM; stored as base64 of the PEM
 */
export function caBundlePatch(configuration: WebhookConfiguration, caPem: string): CaBundlePatchOp[] {
  const caBundle = Buffer.from(caPem).toString('base64');
  return (configuration.webhooks ?? []).flatMap((webhook, index): CaBundlePatchOp[] =>
    webhook.clientConfig.caBundle === caBundle
      ? []
      : [
          { op: 'test', path: `/webhooks/${index}/name`, value: webhook.name },
          { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle },
        ],
  );
}
