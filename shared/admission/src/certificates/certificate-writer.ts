import { Controller, coreResources, createInformer } from '@mooring/runtime';
import type { Clock, Counter, Informer, KubeClient, Log, Metrics, Outcome } from '@mooring/runtime';
import { decideRenewal, decideWrites, trustFor } from './decide-renewal.ts';
import type { RenewalRules } from './decide-renewal.ts';
import type { KeyPair } from './issue.ts';
import { takeTurn } from './lease-turn.ts';
import type { CertificatePolicy } from './policy.ts';
import { CA_SECRET, TLS_SECRET, readSecret, writeSecret } from './secrets.ts';
import type { Secret } from './secrets.ts';
import { bundleData, bundleFrom, decode, encode, hostsIn } from './serving-bundle.ts';

/** The Lease of the one that writes. */
const LEASE = 'mooring-webhook-certificates';
/** The only key: there is one pair of Secrets. */
const KEY = `/${TLS_SECRET}`;
/** Looked at this often even when nothing changes: the machine's clock may have been set. */
const RECHECK_MS = 3_600_000;
/** First and longest pause after a failure: nothing of ours can be written by users while there is no certificate. */
const BASE_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** What the writer needs. */
export interface CertificateWriterOptions {
  readonly client: KubeClient;
  /** Release namespace. */
  readonly namespace: string;
  /** This process, unlike any other: holder of the Lease. */
  readonly identity: string;
  readonly hosts: readonly string[];
  readonly policy: CertificatePolicy;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** 0 ≤ value < 1; for tests. */
  readonly random?: (() => number) | undefined;
}

/**
 * Keeps the authority and the serving certificate in their Secrets: made by whoever is first, renewed long before they
 * expire, made anew when deleted or spoilt.
 *
 *     nothing due ──a Secret changed, time──→ due ──Lease──→ write authority, then certificate ──→ nothing due
 *                                              └──another wrote──→ nothing due
 *
 * Every process of both webhooks runs one; the Lease lets one at a time write, and is held for no longer than that. Only then
 * is the authority's key read.
 */
export class CertificateWriter {
  readonly #options: CertificateWriterOptions;
  readonly #controller: Controller;
  readonly #authorityWatch: Informer<Secret>;
  readonly #written: Counter;
  readonly #jitter: number;
  #waiting = new AbortController();

  constructor(options: CertificateWriterOptions) {
    const { client, namespace, clock, log, metrics } = options;
    this.#options = options;
    this.#jitter = (options.random ?? Math.random)();
    this.#written = metrics.counter('mooring_certificates_written_total');
    this.#controller = new Controller({
      name: 'webhook-certificates',
      reconcile: () => this.#reconcile(),
      baseDelayMs: BASE_DELAY_MS,
      maxDelayMs: MAX_DELAY_MS,
      clock,
      log,
      metrics,
    });
    this.#authorityWatch = createInformer<Secret>({
      client,
      type: coreResources.secrets,
      namespace,
      fieldSelector: `metadata.name=${CA_SECRET}`,
      // Only whether it is there.
      metadataOnly: true,
      onChange: () => this.check(),
      clock,
      log,
      metrics,
    });
  }

  /** Begins; nothing is awaited. */
  start(): void {
    this.#authorityWatch.start();
    void this.#authorityWatch.whenSynced().then(() => {
      this.#controller.start();
      this.check();
    });
  }

  /** Looks again: the serving Secret has changed. */
  check(): void {
    this.#waiting.abort();
    this.#controller.enqueue(KEY);
  }

  /** Ends; the Lease, if held, is given back. */
  async stop(): Promise<void> {
    this.#waiting.abort();
    await Promise.all([this.#authorityWatch.stop(), this.#controller.stop()]);
  }

  async #reconcile(): Promise<Outcome> {
    const { client, namespace, clock, log } = this.#options;
    // Before the read: a change after it must end the waiting.
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    const secret = await readSecret(client, { namespace, name: TLS_SECRET });
    const facts = {
      bundle: secret === undefined ? undefined : bundleFrom(secret.data),
      hasAuthority: this.#authorityWatch.size > 0,
      holdsAuthorityKey: decode(secret?.data, 'ca.key') !== '',
    };
    const { reason, dueAtMs } = decideRenewal(facts, this.#rules());
    if (reason === undefined) {
      return { result: 'done', requeueAfterMs: Math.min(RECHECK_MS, dueAtMs - clock.now()) };
    }
    log.info({ secret: TLS_SECRET, reason }, 'the certificates are due to be written');
    await takeTurn({ ...this.#options, name: LEASE, signal }, (fenced) => this.#write(fenced));
    // What was written is seen by the watches, which ask for the next pass.
    return { result: 'done', requeueAfterMs: MAX_DELAY_MS };
  }

  /** Holding the Lease: reads both anew and writes what is missing, the authority first. */
  async #write(client: KubeClient): Promise<void> {
    const { namespace } = this.#options;
    const [tls, ca] = await Promise.all([TLS_SECRET, CA_SECRET].map((name) => readSecret(client, { namespace, name })));
    const bundle = tls === undefined ? undefined : bundleFrom(tls.data);
    const present = keyPairFrom(ca, 'tls');
    const rules = this.#rules();
    const plan = decideWrites({ bundle, authority: present, formerAuthority: keyPairFrom(tls, 'ca') }, rules);
    const authority = plan.authority ?? (await this.#createAuthority(rules.nowMs));
    if (authority !== present) {
      const data = { 'tls.crt': encode(authority.certificate), 'tls.key': encode(authority.key) };
      await this.#put(client, { name: CA_SECRET, data, before: ca });
    }
    const leaf = bundle !== undefined && !plan.isLeafDue ? bundle : await this.#issue(authority, bundle?.certificate);
    const trust = trustFor({
      certificate: leaf.certificate,
      authority,
      earlier: bundle?.trust ?? [],
      nowMs: rules.nowMs,
    });
    const data = { ...bundleData({ ...leaf, trust }), 'ca.key': null };
    if (isSame(data, tls)) return;
    await this.#put(client, { name: TLS_SECRET, data, before: tls });
  }

  async #put(
    client: KubeClient,
    write: { name: string; data: Record<string, string | null>; before: Secret | undefined },
  ): Promise<void> {
    await writeSecret(client, { ...write, namespace: this.#options.namespace });
    this.#written.add(1, { secret: write.name });
    this.#options.log.info({ secret: write.name }, 'wrote a secret of the certificates');
  }

  async #createAuthority(nowMs: number): Promise<KeyPair> {
    const { createAuthority } = await loadIssuer();
    return createAuthority({ nowMs, lifetimeMs: this.#options.policy.caLifetimeMs });
  }

  /** Keeps the names of the certificate that it follows: webhooks with different extra hosts must not undo each other's work. */
  async #issue(authority: KeyPair, followed: string | undefined): Promise<KeyPair> {
    const { issueCertificate } = await loadIssuer();
    const { hosts, nowMs, policy } = this.#rules();
    const all = [...new Set([...hosts, ...hostsIn(followed ?? '')])];
    return issueCertificate({ hosts: all, nowMs, lifetimeMs: policy.leafLifetimeMs, authority });
  }

  #rules(): RenewalRules {
    const { hosts, policy, clock } = this.#options;
    return { hosts, policy, nowMs: clock.now(), jitter: this.#jitter };
  }
}

/** The X.509 library costs 3.4 MB and is needed a few times a year, so it is loaded only then. */
function loadIssuer() {
  return import('./issue.ts');
}

/** The key pair under `<prefix>.crt` and `<prefix>.key`; undefined when either is absent. */
function keyPairFrom(secret: Secret | undefined, prefix: 'tls' | 'ca'): KeyPair | undefined {
  const pair = { certificate: decode(secret?.data, `${prefix}.crt`), key: decode(secret?.data, `${prefix}.key`) };
  return pair.certificate === '' || pair.key === '' ? undefined : pair;
}

function isSame(data: Readonly<Record<string, string | null>>, secret: Secret | undefined): boolean {
  return Object.entries(data).every(([key, value]) => (secret?.data?.[key] ?? null) === value);
}
