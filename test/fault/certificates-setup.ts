import { connect } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import { systemClock } from '@mooring/runtime';
import type { Clock } from '@mooring/runtime';
import { ApiRequestError } from '@mooring/testing';
import type { ApiClient } from '@mooring/testing';
import { RELEASE, probe } from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';

/** The Secret with the serving certificate. */
export const TLS = 'mooring-webhook-tls';
/** The Secret with the authority. */
export const CA = 'mooring-webhook-ca';
/** Both webhooks' names in objects. */
export const WEBHOOKS = ['mutating', 'validating'] as const;
/** Names and addresses that a certificate must cover. */
export const HOSTS = ['localhost', '127.0.0.1', ...WEBHOOKS.map((name) => `mooring-${name}-webhook.${RELEASE}.svc`)];

/** What a Secret holds, decoded; empty when it does not exist. */
export type SecretTexts = Readonly<Record<string, string>>;

/** Reads, changes and deletes the Secrets as the admin. */
export class Secrets {
  readonly #admin: ApiClient;

  constructor(admin: ApiClient) {
    this.#admin = admin;
  }

  async read(name: string): Promise<SecretTexts> {
    try {
      const { data } = await this.#admin.request<{ data?: Record<string, string> }>({ path: pathOf(name) });
      return Object.fromEntries(Object.entries(data ?? {}).map(([key, text]) => [key, decode(text)]));
    } catch (error) {
      if (error instanceof ApiRequestError && error.status === 404) return {};
      throw error;
    }
  }

  /** Replaces keys; null takes one out. */
  async write(name: string, texts: Readonly<Record<string, string | null>>): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, text === null ? null : Buffer.from(text).toString('base64')]),
    );
    const contentType = 'application/merge-patch+json';
    await this.#admin.request({ method: 'PATCH', path: pathOf(name), contentType, body: { data } });
  }

  /** Creates one of type kubernetes.io/tls. */
  async create(name: string, texts: SecretTexts): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    );
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: 'kubernetes.io/tls', data };
    await this.#admin.request({ method: 'POST', path: pathOf(''), body });
  }

  async delete(name: string): Promise<void> {
    await this.#admin.request({ method: 'DELETE', path: pathOf(name) });
  }
}

function pathOf(name: string): string {
  return `/api/v1/namespaces/${RELEASE}/secrets${name === '' ? '' : `/${name}`}`;
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';

function configurationPath(name: (typeof WEBHOOKS)[number]): string {
  return `${CONFIGURATIONS}/${name}webhookconfigurations/mooring-${name}-webhook`;
}

/** Fingerprints of the authorities that the API server is told to trust for a webhook. */
export async function trustedBy(admin: ApiClient, name: (typeof WEBHOOKS)[number]): Promise<string[]> {
  const { webhooks } = await admin.request<{ webhooks: { clientConfig: { caBundle?: string } }[] }>({
    path: configurationPath(name),
  });
  return fingerprints(decode(webhooks[0]?.clientConfig.caBundle ?? ''));
}

/** Overwrites the caBundle of a webhook. */
export async function overwriteTrust(
  admin: ApiClient,
  name: (typeof WEBHOOKS)[number],
  pem: string | undefined,
): Promise<void> {
  const path = '/webhooks/0/clientConfig/caBundle';
  const value = pem === undefined ? undefined : Buffer.from(pem).toString('base64');
  const body = [value === undefined ? { op: 'remove', path } : { op: 'add', path, value }];
  await admin.request({
    method: 'PATCH',
    path: configurationPath(name),
    contentType: 'application/json-patch+json',
    body,
  });
}

/** Fingerprints of the certificates in a PEM text. */
export function fingerprints(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).fingerprint256);
}

/** Fingerprint of the certificate that a new connection is shown. */
export function servedBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // Whom the certificate is signed by is not the question here.
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(fingerprint256);
    });
    socket.once('error', reject);
  });
}

/** Reviews that were asked for, and what those that were refused said. */
export interface LoadResult {
  readonly reviews: number;
  readonly refusals: readonly string[];
}

/** Asks for reviews until it is told to stop, 50 a second. */
export function startLoad(cluster: AdmissionCluster): { reviews: () => number; stop: () => Promise<LoadResult> } {
  const refusals: string[] = [];
  const running = new Set<Promise<void>>();
  let reviews = 0;
  let isOver = false;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      const one = probe(cluster).then(
        () => {
          reviews++;
        },
        (error: unknown) => {
          refusals.push(String(error));
        },
      );
      running.add(one);
      void one.finally(() => running.delete(one));
      await delay(20);
    }
  };
  const ended = loop();
  return {
    reviews: () => reviews,
    async stop() {
      isOver = true;
      await ended;
      await Promise.all(running);
      return { reviews, refusals };
    },
  };
}

/** The system's clock with a wall clock that is ahead (or, below 0, behind) by so much. */
export function skewedClock(byMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + byMs };
}
