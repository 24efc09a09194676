import type { Condition } from '@mooring/api';
import { applyManifest, ApiRequestError, eventually, type KubeManifest } from '@mooring/testing';
import { bed } from './bed.ts';
import { OBJECTS, RELEASE_NAMESPACE } from './release.ts';
import type { StoreServer } from './stores.ts';

/** An object with a status, as raw JSON. */
export interface KubeObject extends KubeManifest {
  spec: Record<string, unknown>;
  status?: { conditions?: Condition[]; [field: string]: unknown };
}

/** A Pod, as much of it as the tests look at. */
export interface Pod {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  status: {
    phase: string;
    podIP?: string;
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    containerStatuses?: {
      name: string;
      containerID: string;
      ready: boolean;
      restartCount: number;
      state: { running?: { startedAt: string } };
    }[];
  };
}

/** Path of a collection of ours, or of one of its objects. */
export function path(plural: string, name?: string, namespace = OBJECTS): string {
  return `/apis/longhorn.io/v1beta2/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`;
}

/** Applies YAML as the administrator, server-side. */
export function apply(yaml: string): Promise<KubeManifest[]> {
  return applyManifest(bed().api, yaml, { fieldManager: 'mooring-e2e', namespace: OBJECTS });
}

/** One object of ours. */
export function get(plural: string, name: string): Promise<KubeObject> {
  return bed().api.request<KubeObject>({ path: path(plural, name) });
}

/** All objects of a kind of ours. */
export async function list(plural: string): Promise<KubeObject[]> {
  return (await bed().api.request<{ items: KubeObject[] }>({ path: path(plural) })).items;
}

/** Deletes an object; harmless when it is gone. */
export async function remove(objectPath: string): Promise<void> {
  await bed()
    .api.request({ method: 'DELETE', path: objectPath })
    .catch((error: unknown) => {
      if (!(error instanceof ApiRequestError && error.status === 404)) throw error;
    });
}

/** Waits until the object's condition `Ready` is True; a failure shows the condition as it is. */
export function waitUntilReady(plural: string, name: string, timeoutMs = 60_000): Promise<KubeObject> {
  const what = `${plural}/${name} is Ready`;
  return eventually(
    async () => {
      const object = await get(plural, name);
      const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
      if (ready?.status === 'True') return object;
      throw new Error(`Ready is ${ready?.status ?? 'not set'}: ${ready?.reason ?? ''} ${ready?.message ?? ''}`);
    },
    { timeoutMs, intervalMs: 200, what },
  );
}

/** The Pods of Mooring, or of one service. */
export async function pods(service?: string): Promise<Pod[]> {
  const selector = [
    'app.kubernetes.io/name=mooring',
    ...(service === undefined ? [] : [`app.kubernetes.io/component=${service}`]),
  ];
  const query = `?labelSelector=${encodeURIComponent(selector.join(','))}`;
  const base = `/api/v1/namespaces/${RELEASE_NAMESPACE}/pods`;
  return (await bed().api.request<{ items: Pod[] }>({ path: base + query })).items;
}

/** Whether a Pod is Ready. */
export function isReady(pod: Pod): boolean {
  return pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Waits until exactly `count` Pods of a service (or of all) are there, all Ready. */
export function waitForPods(count: number, service?: string): Promise<Pod[]> {
  const what = `${String(count)} Pods of ${service ?? 'mooring'} are Ready`;
  return eventually(
    async () => {
      const found = (await pods(service)).filter(({ metadata }) => !metadata.name.includes('-hook-'));
      return found.length === count && found.every(isReady) && found;
    },
    { timeoutMs: 120_000, intervalMs: 250, what },
  );
}

/** A Secret in the object namespace. */
export async function createSecret(name: string, values: Readonly<Record<string, string>>): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: OBJECTS }, stringData: values };
  await apply(JSON.stringify(secret));
}

/** A BackupTarget, applied. */
export async function createTarget(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
  const metadata = { name, namespace: OBJECTS };
  await apply(JSON.stringify({ apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata, spec }));
}

/** Waits until a target on an uploaded fixture has all of its BackupVolumes and Backups, each read to its end. */
export async function waitForFixture(target: string, expected: { volumes: number; backups: number }): Promise<void> {
  const ofTarget = async (plural: string) =>
    (await list(plural)).filter(({ metadata }) => metadata.labels?.['backup-target'] === target);
  await eventually(
    async () => {
      const [volumes, backups] = await Promise.all([ofTarget('backupvolumes'), ofTarget('backups')]);
      const states = backups.map(({ status }) => status?.['state']);
      const found = { volumes: volumes.length, backups: states.filter((state) => state === 'Completed').length };
      if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`found ${JSON.stringify(found)}`);
    },
    { timeoutMs: 60_000, intervalMs: 500, what: `${JSON.stringify(expected)} of target ${target}` },
  );
}

/** A target on a folder of an S3 server, with a Secret of its own. */
export async function createTargetOnS3(name: string, server: StoreServer, folder = ''): Promise<void> {
  await createSecret(name, server.credentials);
  await createTarget(name, { backupTargetURL: server.url + folder, credentialSecret: name, pollInterval: '5m0s' });
}

/** Asks for a sync and waits until it is done and the target Ready. */
export async function syncTarget(name: string, timeoutMs = 60_000): Promise<void> {
  const syncRequestedAt = new Date().toISOString();
  const contentType = 'application/merge-patch+json';
  const body = { spec: { syncRequestedAt } };
  await eventually(() => bed().api.request({ method: 'PATCH', path: path('backuptargets', name), contentType, body }), {
    timeoutMs,
    intervalMs: 500,
    what: `a sync of ${name} is asked for`,
  });
  const isSynced = async () => {
    const { status } = await get('backuptargets', name);
    return Date.parse(String(status?.['observedSyncRequestedAt'])) >= Date.parse(syncRequestedAt);
  };
  await eventually(isSynced, { timeoutMs, intervalMs: 250, what: `${name} is synced` });
  await waitUntilReady('backuptargets', name, timeoutMs);
}
