import type { X509Certificate } from 'node:crypto';
import type { ResourceType } from '@mooring/api';
import { Controller, coreResources, createInformer } from '@mooring/runtime';
import type { Clock, Counter, Gauge, Informer, KubeClient, Log, Metrics, Outcome } from '@mooring/runtime';
import { caBundlePatch, includes, trustedAuthorities } from './ca-bundle.ts';
import type { WantedTrust, WebhookConfiguration } from './ca-bundle.ts';
import { CertificateWriter } from './certificate-writer.ts';
import { servable, serveInMs } from './decide-serving.ts';
import type { ServableBundle } from './decide-serving.ts';
import { uniqueAuthorities } from './pem.ts';
import type { CertificatePolicy } from './policy.ts';
import { TLS_SECRET, readSecret } from './secrets.ts';
import type { Secret } from './secrets.ts';
import { bundleFrom, findBundleProblem } from './serving-bundle.ts';
import type { ServingBundle } from './serving-bundle.ts';

/** The only key of this controller: there is one certificate. */
const KEY = `/${TLS_SECRET}`;
/** Everything is looked at this often even when nothing changes. */
const RECHECK_MS = 3_600_000;
/** First and longest pause after a failure: nothing of ours can be written by users while the trust is missing. */
const BASE_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** What the controller keeps equal, and where. */
export interface TrustControllerOptions {
  readonly client: KubeClient;
  /** Release namespace, where the Secrets and the Lease are. */
  readonly namespace: string;
  /** This process, unlike any other. */
  readonly identity: string;
  /** `cert-manager`: it makes the certificate and injects the caBundle; nothing is written here. */
  readonly mode: 'self' | 'cert-manager';
  readonly policy: CertificatePolicy;
  readonly configurationType: ResourceType;
  readonly configurationName: string;
  /** Names and addresses that the certificate must cover. */
  readonly hosts: readonly string[];
  /** Called with every new certificate, the first one included; when it throws, the pass is repeated. */
  readonly onCertificate: (bundle: ServingBundle) => Promise<void> | void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Keeps the server's certificate equal to the Secret's, and the API server's trust (caBundle) equal to the authorities that
 * the Secret names. The order is what keeps every review answered:
 *
 *     the Secret names a new authority → added to the caBundle → settled → its certificate is served → … → the old one goes
 *
 * Each process keeps that order by itself, whatever the others do, and serves on with what it has while the Secret is gone
 * or spoilt. Runs at every change of the Secret and of the webhook configuration, so that a caBundle that somebody overwrites
 * (an upgrade, `kubectl apply`) is put back. Needs nothing that a webhook guards.
 */
export class TrustController {
  readonly #options: TrustControllerOptions;
  readonly #controller: Controller;
  readonly #informers: readonly Informer<Secret | WebhookConfiguration>[];
  readonly #writer: CertificateWriter | undefined;
  readonly #expiry: Gauge;
  readonly #lifetime: Gauge;
  readonly #writes: Counter;
  /** Since when the configuration has named an authority (by fingerprint), monotonic milliseconds. */
  #trustedSinceMs = new Map<string, number>();
  /** What the Secret says, and since when this process has seen it say so. */
  #wanted: { readonly trust: readonly X509Certificate[]; readonly sinceMs: number } | undefined;
  #served: ServableBundle | undefined;
  #wasTrusted = false;

  constructor(options: TrustControllerOptions) {
    const { client, namespace, configurationType, configurationName, clock, log, metrics } = options;
    this.#options = options;
    this.#expiry = metrics.gauge('mooring_certificate_expiry_timestamp_seconds');
    this.#lifetime = metrics.gauge('mooring_certificate_lifetime_seconds');
    this.#writes = metrics.counter('mooring_ca_bundle_writes_total');
    this.#controller = new Controller({
      name: 'webhook-trust',
      reconcile: () => this.#reconcile(),
      baseDelayMs: BASE_DELAY_MS,
      maxDelayMs: MAX_DELAY_MS,
      clock,
      log,
      metrics,
    });
    this.#writer = options.mode === 'self' ? new CertificateWriter(options) : undefined;
    const shared = { client, clock, log, metrics, metadataOnly: true };
    const onChange = (): void => this.#controller.enqueue(KEY);
    this.#informers = [
      createInformer<Secret | WebhookConfiguration>({
        ...shared,
        type: coreResources.secrets,
        namespace,
        // Private keys have no business in a second cache; the pass reads the Secret itself.
        fieldSelector: `metadata.name=${TLS_SECRET}`,
        onChange: () => {
          onChange();
          this.#writer?.check();
        },
      }),
      createInformer<Secret | WebhookConfiguration>({
        ...shared,
        type: configurationType,
        fieldSelector: `metadata.name=${configurationName}`,
        onChange,
      }),
    ];
  }

  /**
   * True from the moment when the server has a certificate and the API server's configuration trusts it. A trust that is taken
   * away later is put back at once; a replica that stopped being ready for it could not be called when it is.
   */
  get isTrusted(): boolean {
    return this.#wasTrusted;
  }

  /** Begins; nothing is awaited. */
  start(): void {
    this.#controller.enqueue(KEY);
    this.#controller.start();
    for (const informer of this.#informers) informer.start();
    this.#writer?.start();
  }

  /** Ends all watching and writing. */
  async stop(): Promise<void> {
    const informers = this.#informers.map((informer) => informer.stop());
    await Promise.all([...informers, this.#controller.stop(0), this.#writer?.stop()]);
  }

  async #reconcile(): Promise<Outcome> {
    const { client, namespace, hosts, clock, log } = this.#options;
    const secret = await readSecret(client, { namespace, name: TLS_SECRET });
    const bundle = bundleFrom(secret?.data);
    const problem = findBundleProblem(bundle, hosts, clock.now());
    if (secret !== undefined && problem !== undefined) {
      log.warn({ secret: TLS_SECRET, problem }, 'the certificate of the secret cannot serve');
    }
    this.#want(bundle.trust);
    const { trusted, retireInMs } = await this.#trust();
    const candidate = problem === undefined ? servable(bundle) : undefined;
    const serveInMs = candidate === undefined ? undefined : await this.#serve(candidate);
    this.#wasTrusted ||= this.#served !== undefined && includes(trusted, this.#served.issuer);
    return { result: 'done', requeueAfterMs: Math.min(serveInMs ?? RECHECK_MS, retireInMs ?? RECHECK_MS, RECHECK_MS) };
  }

  /** Takes over what the Secret names; a Secret that is gone or spoilt names nothing, which is not a wish. */
  #want(trust: readonly X509Certificate[]): void {
    const known = this.#wanted?.trust ?? [];
    if (trust.length === 0 || (trust.length === known.length && trust.every((one) => includes(known, one)))) return;
    this.#wanted = { trust, sinceMs: this.#options.clock.monotonic() };
  }

  /** Writes the caBundle where it is not as wanted; says what is trusted then, and when the rest may be taken out. */
  async #trust(): Promise<{ trusted: readonly X509Certificate[]; retireInMs: number | undefined }> {
    const { mode, policy, clock } = this.#options;
    const nowMs = clock.monotonic();
    const wanted = uniqueAuthorities([...(this.#wanted?.trust ?? []), this.#served?.issuer]);
    const retireInMs = (this.#wanted?.sinceMs ?? nowMs) + policy.retireMs - nowMs;
    const mayRetire = retireInMs <= 0;
    const isOurs = mode === 'self' && wanted.length > 0;
    const read = await this.#readConfiguration();
    const configuration = isOurs ? await this.#repair(read, { wanted, mayRetire, nowMs: clock.now() }) : read;
    const trusted = trustedAuthorities(configuration);
    this.#trustedSinceMs = new Map(
      trusted.map(({ fingerprint256: id }) => [id, this.#trustedSinceMs.get(id) ?? nowMs]),
    );
    const isRetireDue = isOurs && !mayRetire && trusted.some((one) => !includes(wanted, one));
    return { trusted, retireInMs: isRetireDue ? retireInMs : undefined };
  }

  async #readConfiguration(): Promise<WebhookConfiguration> {
    const { client, configurationType, configurationName: name } = this.#options;
    // An uninstallation takes it away first; there is nothing to be trusted by then.
    return (await client.find<WebhookConfiguration>(configurationType, { name })) ?? { metadata: { name } };
  }

  async #repair(configuration: WebhookConfiguration, trust: WantedTrust): Promise<WebhookConfiguration> {
    const { client, configurationType, configurationName: name, log } = this.#options;
    const patch = caBundlePatch(configuration, trust);
    if (patch.length === 0) return configuration;
    const options = { kind: 'json', fieldManager: 'mooring-webhook' } as const;
    const written = await client.patch<WebhookConfiguration>(configurationType, { name }, patch, options);
    this.#writes.add(1, { configuration: name });
    log.info({ configuration: name }, 'wrote the authorities to the webhook configuration');
    return written;
  }

  /** Shows the certificate to new connections when its time has come; else says in how many milliseconds that is. */
  async #serve(candidate: ServableBundle): Promise<number | undefined> {
    const { policy, mode, clock, log, onCertificate } = this.#options;
    if (candidate.certificate === this.#served?.certificate && candidate.key === this.#served.key) return undefined;
    const sinceMs = this.#trustedSinceMs.get(candidate.issuer.fingerprint256);
    const inMs = serveInMs({
      candidate,
      served: this.#served,
      trustedForMs: sinceMs === undefined ? undefined : clock.monotonic() - sinceMs,
      // cert-manager replaces the caBundle as a whole: what is served until now is trusted no longer.
      settleMs: mode === 'self' ? policy.settleMs : 0,
      nowMs: clock.now(),
    });
    if (inMs !== 0) return inMs;
    await onCertificate(candidate);
    this.#served = candidate;
    this.#show('serving', candidate.leaf);
    this.#show('authority', candidate.issuer);
    log.info({ secret: TLS_SECRET, notAfter: new Date(candidate.notAfterMs) }, 'serving the certificate of the secret');
    return undefined;
  }

  #show(certificate: string, { validFromDate, validToDate }: X509Certificate): void {
    this.#expiry.set(validToDate.getTime() / 1_000, { certificate });
    this.#lifetime.set((validToDate.getTime() - validFromDate.getTime()) / 1_000, { certificate });
  }
}
