import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { ApiRequestError, type ApiClient } from '../kube/api-client.ts';
import { repositoryFolder } from '../kube/chart.ts';
import type { KubeManifest } from '../kube/resources.ts';

/** A store as a real Longhorn wrote it. */
const fixture = join(repositoryFolder, 'test', 'fixtures', 'longhorn-store', 'store');

/** Where our kinds are served for one namespace: `/apis/longhorn.io/v1beta2/namespaces/<namespace>`. */
export function objectsPath(namespace: string): string {
  return `/apis/longhorn.io/v1beta2/namespaces/${namespace}`;
}

interface Synced {
  metadata: { name: string; labels?: Record<string, string> };
  spec?: { backupTargetName?: string; snapshotName?: string };
  status?: {
    available?: boolean;
    lastSyncedAt?: string | null;
    conditions?: { type: string; status: string }[] | null;
  };
}

/** Names of the sample's targets, and which folder of the data folder each one's store is. */
const TARGETS = { sample: 'sample-store', empty: 'empty-store' } as const;

/** The sample's volumes and backups appear within seconds; longer means that something is wrong. */
const SYNC_TIMEOUT_MS = 30_000;

/** A copy under another name first: a start that is killed half-way copies again. */
async function copyStore(dataDir: string): Promise<void> {
  const target = join(dataDir, TARGETS.sample);
  if (existsSync(target)) return;
  const draft = `${target}.copying`;
  await rm(draft, { recursive: true, force: true });
  await cp(fixture, draft, { recursive: true });
  await rename(draft, target);
}

function backupTarget(name: keyof typeof TARGETS, namespace: string, dataDir: string): KubeManifest {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupTarget',
    metadata: { name, namespace },
    spec: { backupTargetURL: `vfs://${join(dataDir, TARGETS[name])}`, credentialSecret: '', pollInterval: '5m0s' },
  };
}

/** Creates the object unless it is there. Until the webhooks' certificate is known to the API server it is refused. */
async function createTarget(api: ApiClient, namespace: string, target: KubeManifest): Promise<void> {
  const path = `${objectsPath(namespace)}/backuptargets`;
  const create = async () => {
    try {
      await api.request({ method: 'POST', path, body: target });
    } catch (error) {
      if (!(error instanceof ApiRequestError && error.reason === 'AlreadyExists')) throw error;
    }
  };
  await eventually(create, { timeoutMs: SYNC_TIMEOUT_MS, what: `BackupTarget ${target.metadata.name} accepted` });
}

/** Makes the two stores and their targets. Idempotent. */
export async function makeSample(api: ApiClient, namespace: string, dataDir: string): Promise<void> {
  await copyStore(dataDir);
  await mkdir(join(dataDir, TARGETS.empty), { recursive: true });
  await Promise.all(
    (['sample', 'empty'] as const).map((name) => createTarget(api, namespace, backupTarget(name, namespace, dataDir))),
  );
}

function isReady(object: Synced | undefined): boolean {
  return object?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Backups that are made here, not found in the store, may take their time. */
function isSynced({ spec, status }: Synced): boolean {
  return Boolean(spec?.snapshotName) || Boolean(status?.lastSyncedAt);
}

/**
 * Waits until the sample's targets are Ready and all their volumes and backups were synced once. A target that the user
 * deleted is not waited for. Throws what was missing when it takes longer than 30 s.
 */
export async function waitForSample(api: ApiClient, namespace: string): Promise<void> {
  const list = (plural: string) =>
    api.request<{ items: Synced[] }>({ path: `${objectsPath(namespace)}/${plural}` }).then(({ items }) => items);
  const options = { timeoutMs: SYNC_TIMEOUT_MS, intervalMs: 100 };
  const targets = async () =>
    (await list('backuptargets')).filter(({ metadata }) => Object.keys(TARGETS).includes(metadata.name));
  await eventually(async () => (await targets()).every(isReady), { ...options, what: 'sample targets Ready' });
  if (!(await targets()).some(({ metadata }) => metadata.name === 'sample')) return;
  for (const plural of ['backupvolumes', 'backups']) {
    await eventually(
      async () => {
        const items = await list(plural);
        return items.length > 0 && items.every(isSynced);
      },
      { ...options, what: `${plural} of the sample synced` },
    );
  }
}
