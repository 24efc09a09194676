import { applyObjects, createApiClient, renderChart, startControlPlane, temporaryFolder } from '@mooring/testing';
import type { ApiClient, ControlPlane } from '@mooring/testing';

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

/** Starts a control plane and installs the chart with these webhook URLs. Nothing listens there yet. */
export async function startAdmissionCluster(urls: { mutating: string; validating: string }): Promise<AdmissionCluster> {
  const plane = await startControlPlane({ dataDir: await temporaryFolder('admission') });
  const clients: ApiClient[] = [];
  await createNamespace(plane.api, RELEASE);
  const chart = await renderChart({
    namespace: RELEASE,
    values: { webhooks: { mutating: { url: urls.mutating }, validating: { url: urls.validating } } },
  });
  await applyObjects(plane.api, chart);
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
