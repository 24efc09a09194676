import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFile } from 'node:fs/promises';
import { Webhook } from '@mooring/admission';
import type { WebhookKind, WebhookSettings } from '@mooring/admission';
import { KubeClient, noLog, noMetrics, systemClock } from '@mooring/runtime';
import type { Clock, Metrics } from '@mooring/runtime';
import {
  applyObjects,
  createApiClient,
  eventually,
  freePort,
  renderChart,
  startControlPlane,
  temporaryFolder,
} from '@mooring/testing';
import type { ApiClient, ControlPlane } from '@mooring/testing';
import { mutatingWebhook } from '../../services/mutating-webhook/src/webhook.ts';
import { validatingWebhook } from '../../services/validating-webhook/src/webhook.ts';

/** The repository's folder. */
export const repositoryFolder = fileURLToPath(new URL('../../', import.meta.url));

/** Namespace of the objects. */
export const OBJECTS = 'longhorn-system';
/** Release namespace. */
export const RELEASE = 'mooring-system';

/** A control plane of its own with the whole chart: webhook configurations and policies hold for a cluster. */
export interface AdmissionCluster {
  readonly plane: ControlPlane;
  /** Requests as the admin. */
  readonly admin: ApiClient;
  /** Requests as the ServiceAccount `mooring-<service>` of the release namespace. */
  as(service: string): Promise<ApiClient>;
  /** Path of a collection, or of one object of it, in the object namespace or another. */
  path(plural: string, name?: string, namespace?: string): string;
  stop(): Promise<void>;
}

/** How the chart gets into a cluster. */
export type InstallChart = (plane: ControlPlane, values: Record<string, unknown>) => Promise<void>;

/** Applies what the chart renders with these values, but for cert-manager's kinds. */
const applyChart: InstallChart = async ({ api }, values) => {
  await createNamespace(api, RELEASE);
  const objects = await renderChart({ namespace: RELEASE, values });
  await applyObjects(
    api,
    objects.filter(({ apiVersion }) => !apiVersion.startsWith('cert-manager.io/')),
  );
};

/** Starts a control plane and installs the chart with these webhook URLs. Nothing listens there yet. */
export async function startAdmissionCluster(
  urls: { mutating: string; validating: string },
  options: { values?: Record<string, unknown>; install?: InstallChart } = {},
): Promise<AdmissionCluster> {
  const { values = {}, install = applyChart } = options;
  const plane = await startControlPlane({ dataDir: await temporaryFolder('admission') });
  const clients: ApiClient[] = [];
  await install(plane, {
    workloads: { enabled: false },
    webhooks: { mutating: { url: urls.mutating }, validating: { url: urls.validating } },
    ...values,
  });
  return {
    plane,
    admin: plane.api,
    async as(service) {
      const { token } = await plane.tokenFor({ namespace: RELEASE, name: `mooring-${service}` });
      const client = createApiClient({ server: plane.server, caCertificate: plane.caCertificate, token });
      clients.push(client);
      return client;
    },
    path: (plural, name, namespace = OBJECTS) =>
      `/apis/longhorn.io/v1beta2/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`,
    async stop() {
      for (const client of clients) client.close();
      await plane.stop();
    },
  };
}

/** Creates a namespace. */
export async function createNamespace(api: ApiClient, name: string): Promise<void> {
  await api.request({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  });
}

/** An object of ours as a user would write it. */
export function manifest(kind: string, name: string, body: Record<string, unknown> = {}): Record<string, unknown> {
  return { apiVersion: 'longhorn.io/v1beta2', kind, metadata: { name }, ...body };
}

/** The refusal of a request: status and the text that a user reads; fails when it was not refused. */
export async function refusal(request: Promise<unknown>): Promise<{ status: number; text: string }> {
  try {
    await request;
  } catch (error) {
    if (error instanceof Error && 'status' in error && typeof error.status === 'number') {
      return { status: error.status, text: String(error) };
    }
    throw error;
  }
  throw new Error('failed to be refused: the request succeeded');
}

/** Both webhooks, each with the credentials of its own ServiceAccount, in this process. */
export interface RunningWebhooks {
  readonly cluster: AdmissionCluster;
  readonly mutating: Webhook;
  readonly validating: Webhook;
  stop(): Promise<void>;
}

/** Starts a cluster and both webhooks at the same instant, and waits until the API server uses them. */
export async function startWebhooks(
  settings: Partial<WebhookSettings> = {},
  install: InstallChart = applyChart,
): Promise<RunningWebhooks> {
  const [mutatingPort, validatingPort] = [await freePort(), await freePort()];
  const urls = {
    mutating: `https://127.0.0.1:${String(mutatingPort)}`,
    validating: `https://127.0.0.1:${String(validatingPort)}`,
  };
  const cluster = await startAdmissionCluster(urls, { install });
  const [mutatingClient, validatingClient] = [
    await clientOf(cluster, 'mutating-webhook'),
    await clientOf(cluster, 'validating-webhook'),
  ];
  const mutating = startWebhook({ kind: mutatingWebhook, port: mutatingPort, client: mutatingClient, settings });
  const validating = startWebhook({
    kind: validatingWebhook,
    port: validatingPort,
    client: validatingClient,
    settings,
  });
  await eventually(() => isReady(mutating.webhook) && isReady(validating.webhook), { what: 'both webhooks are ready' });
  await untilUsed(cluster);
  return {
    cluster,
    mutating: mutating.webhook,
    validating: validating.webhook,
    async stop() {
      await Promise.all([mutating.stop(), validating.stop()]);
      await cluster.stop();
    },
  };
}

/** Starts one webhook; it may not be ready yet. Its client is closed with it. Lifetimes and mode as by default. */
export function startWebhook(options: {
  kind: WebhookKind;
  port: number;
  client: KubeClient;
  clock?: Clock;
  metrics?: Metrics;
  settings?: Partial<WebhookSettings>;
}): {
  webhook: Webhook;
  stop: () => Promise<void>;
} {
  const { kind, port, client, clock = systemClock, metrics = noMetrics, settings } = options;
  const webhook = new Webhook({
    kind,
    client,
    config: {
      objectNamespace: OBJECTS,
      namespace: RELEASE,
      allowedSchemes: ['s3', 'azblob', 'nfs', 'cifs', 'vfs'],
      webhookAddress: '127.0.0.1',
      webhookPort: port,
      webhookHosts: [],
      instanceId: randomUUID(),
      certificateMode: 'self',
      caLifetime: '8760h',
      leafLifetime: '2160h',
      ...settings,
    },
    clock,
    log: noLog,
    metrics,
  });
  webhook.start();
  return {
    webhook,
    stop: async () => {
      await webhook.stop();
      client.close();
    },
  };
}

/** The runtime's client as the ServiceAccount `mooring-<service>`. */
export async function clientOf(cluster: AdmissionCluster, service: string): Promise<KubeClient> {
  const folder = await temporaryFolder('account');
  const { token } = await cluster.plane.tokenFor({ namespace: RELEASE, name: `mooring-${service}` });
  await writeFile(join(folder, 'token'), token);
  await writeFile(join(folder, 'kubeconfig'), cluster.plane.kubeconfigFor(join(folder, 'token'), RELEASE));
  return KubeClient.fromKubeconfig(join(folder, 'kubeconfig'));
}

/** True when every readiness check of a webhook is well. */
export function isReady(webhook: Webhook): boolean {
  return Object.values(webhook.readiness).every((check) => check() === undefined);
}

/** Asks both webhooks about a target without creating it; rejects when it is refused. */
export async function probe(cluster: AdmissionCluster): Promise<void> {
  await cluster.admin.request({
    method: 'POST',
    path: `${cluster.path('backuptargets')}?dryRun=All`,
    body: manifest('BackupTarget', 'probe', { spec: { backupTargetURL: 's3://probe@us-east-1/' } }),
  });
}

/** Waits until the API server calls both webhooks: it learns of a new caBundle by a watch of its own. */
export async function untilUsed(cluster: AdmissionCluster): Promise<void> {
  await eventually(() => probe(cluster), { timeoutMs: 30_000, what: 'the API server calls the webhooks' });
}
