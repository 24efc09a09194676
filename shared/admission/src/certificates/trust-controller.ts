import type { ResourceType } from '@mooring/api';
import { Controller, coreResources, createInformer } from '@mooring/runtime';
import type { Clock, Informer, KubeClient, Log, Metrics, Outcome } from '@mooring/runtime';
import type { CertificateBundle } from './bundle.ts';
import { caBundlePatch } from './ca-bundle.ts';
import type { WebhookConfiguration } from './ca-bundle.ts';
import { TLS_SECRET, ensureCertificates } from './certificate-secret.ts';
import type { Secret } from './certificate-secret.ts';

/** The only key of this controller: there is one certificate. */
const KEY = `/${TLS_SECRET}`;
/** The certificate is looked at this often even when nothing changes: an expiring one must not wait for an event. */
const RECHECK_MS = 3_600_000;
/** First and longest pause after a failure: nothing of ours can be written by users while the trust is missing. */
const BASE_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** What the controller keeps equal, and where. */
export interface TrustControllerOptions {
  readonly client: KubeClient;
  /** Release namespace, where the Secret is. */
  readonly namespace: string;
  readonly configurationType: ResourceType;
  readonly configurationName: string;
  /** Names and addresses that the certificate must cover. */
  readonly hosts: readonly string[];
  /** Called with every new certificate, the first one included; when it throws, the pass is repeated. */
  readonly onCertificate: (bundle: CertificateBundle) => Promise<void> | void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Keeps the server's certificate equal to the Secret's, and the API server's trust (caBundle) equal to the certificate's CA.
 *
 * Runs at every change of the Secret and of the webhook configuration, so that a caBundle that somebody overwrites (an
 * upgrade, `kubectl apply`) is put back, and a deleted Secret is made anew. Needs nothing that a webhook guards.
 */
export class TrustController {
  readonly #options: TrustControllerOptions;
  readonly #controller: Controller;
  readonly #informers: readonly Informer<Secret | WebhookConfiguration>[];
  #served: CertificateBundle | undefined;
  #isTrusted = false;

  constructor(options: TrustControllerOptions) {
    const { client, namespace, configurationType, configurationName, clock, log, metrics } = options;
    this.#options = options;
    this.#controller = new Controller({
      name: 'webhook-trust',
      reconcile: () => this.#reconcile(),
      baseDelayMs: BASE_DELAY_MS,
      maxDelayMs: MAX_DELAY_MS,
      clock,
      log,
      metrics,
    });
    const onChange = (): void => this.#controller.enqueue(KEY);
    const shared = { client, onChange, clock, log, metrics };
    this.#informers = [
      createInformer<Secret | WebhookConfiguration>({
        ...shared,
        type: coreResources.secrets,
        namespace,
        fieldSelector: `metadata.name=${TLS_SECRET}`,
        // Private keys have no business in a second cache; the pass reads the Secret itself.
        metadataOnly: true,
      }),
      createInformer<Secret | WebhookConfiguration>({
        ...shared,
        type: configurationType,
        fieldSelector: `metadata.name=${configurationName}`,
        metadataOnly: true,
      }),
    ];
  }

  /** True once the server has a certificate and the API server trusts it. False again while a pass finds that it does not. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** Begins; nothing is awaited. */
  start(): void {
    this.#controller.enqueue(KEY);
    this.#controller.start();
    for (const informer of this.#informers) informer.start();
  }

  /** Ends all watching and writing. */
  async stop(): Promise<void> {
    await Promise.all([...this.#informers.map((informer) => informer.stop()), this.#controller.stop(0)]);
  }

  async #reconcile(): Promise<Outcome> {
    const { client, namespace, hosts, clock } = this.#options;
    const bundle = await ensureCertificates({ client, namespace, hosts, nowMs: clock.now() });
    if (bundle.certificate !== this.#served?.certificate || bundle.key !== this.#served.key) {
      await this.#options.onCertificate(bundle);
      this.#options.log.info({ secret: TLS_SECRET }, 'serving the certificate of the secret');
      this.#served = bundle;
    }
    await this.#trust(bundle);
    return { result: 'done', requeueAfterMs: RECHECK_MS };
  }

  async #trust(bundle: CertificateBundle): Promise<void> {
    const { client, configurationType, configurationName: name, log } = this.#options;
    const configuration = await client.get<WebhookConfiguration>(configurationType, { name });
    const patch = caBundlePatch(configuration, bundle.caCertificate);
    if (patch.length > 0) {
      this.#isTrusted = false;
      await client.patch(configurationType, { name }, patch, { kind: 'json', fieldManager: 'mooring-webhook' });
      log.info({ configuration: name }, 'wrote the CA to the webhook configuration');
    }
    this.#isTrusted = (configuration.webhooks ?? []).length > 0;
  }
}
