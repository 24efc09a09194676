import type { ResourceType } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import type { Clock, HealthCheck, KubeClient, Log, Metrics } from '@mooring/runtime';
import { traceparent, withRemoteParent, withSpan } from '@mooring/telemetry';
import { certificatePolicy } from './certificates/policy.ts';
import { TrustController } from './certificates/trust-controller.ts';
import { createClusterFacts } from './facts/cluster-facts.ts';
import { FactUnavailable } from './facts/fact-source.ts';
import { createFactCaches } from './facts/fact-caches.ts';
import type { FactCaches } from './facts/fact-caches.ts';
import { createLiveReads } from './facts/live-reads.ts';
import type { ValidatorOptions } from './review/validator.ts';
import { createApp } from './server/app.ts';
import type { AppOptions, Reviewer } from './server/app.ts';
import { listen } from './server/https-server.ts';
import type { HttpsServer } from './server/https-server.ts';

/** What distinguishes one webhook from another. */
export interface WebhookKind {
  /** Name of the service: `mutating-webhook`. */
  readonly service: string;
  /** `/v1/webhook/mutation` or `/v1/webhook/validation`. */
  readonly path: string;
  readonly configurationType: ResourceType;
  readonly configurationName: string;
  readonly createReviewer: (options: ValidatorOptions) => Reviewer;
}

/** Where and with what a webhook runs. */
export interface WebhookOptions {
  readonly kind: WebhookKind;
  readonly client: KubeClient;
  readonly config: WebhookSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The part of the configuration that a webhook reads. */
export interface WebhookSettings {
  readonly objectNamespace: string;
  readonly namespace: string;
  readonly allowedSchemes: readonly string[];
  readonly webhookAddress: string;
  readonly webhookPort: number;
  readonly webhookHosts: readonly string[];
  /** Unlike any other process's. */
  readonly instanceId: string;
  readonly certificateMode: 'self' | 'cert-manager';
  /** Durations as `8760h`. */
  readonly caLifetime: string;
  readonly leafLifetime: string;
}

/** The services whose names the shared certificate must carry: whichever starts first makes it for both. */
const WEBHOOK_SERVICES = ['mooring-mutating-webhook', 'mooring-validating-webhook'];

/** Time for running reviews to end at a stop; the API server waits for a review at most 30 s, ours take 29 s at most. */
const CLOSE_MS = 10_000;

/**
 * One admission webhook: caches, certificate, HTTPS server. Ready once the caches are filled, the certificate serves and
 * the API server trusts it. Starting needs nothing that a webhook guards.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #caches: FactCaches;
  readonly #trust: TrustController;
  readonly #handler: AppOptions;
  #server: HttpsServer | undefined;

  constructor(options: WebhookOptions) {
    const { kind, client, config, clock, log, metrics } = options;
    this.#options = options;
    this.#caches = createFactCaches({ client, objectNamespace: config.objectNamespace, clock, log, metrics });
    this.#trust = new TrustController({
      client,
      namespace: config.namespace,
      identity: config.instanceId,
      mode: config.certificateMode,
      policy: certificatePolicy(config),
      configurationType: kind.configurationType,
      configurationName: kind.configurationName,
      hosts: hostsOf(config),
      onCertificate: (bundle) => this.#serve(bundle),
      clock,
      log,
      metrics,
    });
    this.#handler = this.#createHandler();
  }

  /** Readiness checks by name. */
  get readiness(): Readonly<Record<string, HealthCheck>> {
    return {
      ...this.#caches.readiness,
      certificate: () => (this.#server === undefined ? 'there is no certificate yet' : undefined),
      trust: () => (this.#trust.isTrusted ? undefined : 'the CA is not in the webhook configuration'),
    };
  }

  /** The port that it listens on; undefined until there is a certificate. */
  get port(): number | undefined {
    return this.#server?.port;
  }

  /** Begins; nothing is awaited: `readiness` tells when it serves. */
  start(): void {
    this.#caches.start();
    this.#trust.start();
  }

  /** Asks clients to go elsewhere from now on; serves on. */
  drain(): void {
    this.#server?.drain();
  }

  /** Answers what is running, then stops everything. */
  async stop(): Promise<void> {
    await this.#trust.stop();
    await this.#server?.close(CLOSE_MS);
    await this.#caches.stop();
  }

  async #serve(certificate: { key: string; certificate: string }): Promise<void> {
    if (this.#server !== undefined) {
      this.#server.setCertificate(certificate);
      return;
    }
    const { webhookAddress: address, webhookPort: port } = this.#options.config;
    this.#server = await listen({ handler: createApp(this.#handler), certificate, address, port });
    this.#options.log.info({ address, port: this.#server.port }, 'the webhook listens');
  }

  #createHandler(): AppOptions {
    const { kind, client, config, log, metrics } = this.#options;
    const live = createLiveReads(client, config.objectNamespace);
    const review = kind.createReviewer({
      source: createClusterFacts({ caches: this.#caches, live, objectNamespace: config.objectNamespace }),
      objectNamespace: config.objectNamespace,
      allowedSchemes: config.allowedSchemes,
      traceparent,
      isNamespaceDeleting: (signal) => isNamespaceDeleting(client, config.objectNamespace, signal),
    });
    return {
      path: kind.path,
      review: measured(review, { webhook: kind.service, metrics }),
      inTrace: (parent, request, fn) =>
        withRemoteParent(parent, () =>
          withSpan(
            `admission ${request.operation} ${request.resource.resource}`,
            { 'k8s.object.name': request.name ?? '', 'k8s.namespace.name': request.namespace },
            fn,
          ),
        ),
      onError: (error, status) => {
        if (status >= 500) log.error({ err: error, status }, 'failed to review a request');
        else log.warn({ err: error, status }, 'refused a request that is no admission review');
      },
    };
  }
}

function hostsOf({ namespace, webhookHosts }: WebhookSettings): string[] {
  const services = WEBHOOK_SERVICES.map((name) => `${name}.${namespace}.svc`);
  return [...new Set(['localhost', '127.0.0.1', ...services, ...webhookHosts])];
}

async function isNamespaceDeleting(client: KubeClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    const namespace = await client.get<{ metadata: { deletionTimestamp?: string } }>(
      coreResources.namespaces,
      { name },
      { signal },
    );
    return namespace.metadata.deletionTimestamp !== undefined;
  } catch (error) {
    throw new FactUnavailable(`failed to read the Namespace '${name}' from the API server`, { cause: error });
  }
}

/** Counts and times reviews by resource, operation and result: `allowed`, or the status code of the refusal. */
function measured(review: Reviewer, { webhook, metrics }: { webhook: string; metrics: Metrics }): Reviewer {
  const reviews = metrics.counter('mooring_admission_reviews_total');
  const seconds = metrics.histogram('mooring_admission_review_seconds');
  return async (request, signal) => {
    const startedAt = performance.now();
    const response = await review(request, signal);
    const result = response.allowed ? 'allowed' : String(response.status?.code ?? '');
    const { operation } = request;
    const observed = { webhook, resource: request.resource.resource, operation, result };
    reviews.add(1, observed);
    seconds.record((performance.now() - startedAt) / 1_000, observed);
    return response;
  };
}
