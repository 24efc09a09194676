import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { openStore, type ObjectStore, type StoreCredentials } from '@mooring/backupstore';
import { ensureBinaries, eventually } from '@mooring/testing';
import { createContainer } from '../integration/store-azurite.ts';
import { bed, repositoryFolder, say } from './bed.ts';
import { run } from './cluster/commands.ts';
import { writeImageArchive } from './cluster/image-archive.ts';
import { network } from './cluster/layout.ts';
import { apply } from './objects.ts';

/** Namespace of the store servers. */
export const STORES = 'e2e-stores';

/** A store server in a Pod, with a store that a real Longhorn wrote. */
export interface StoreServer {
  /** The target's URL. */
  url: string;
  /** The keys of its Secret, for Pods. */
  credentials: StoreCredentials;
  /** Opens the store from this machine, through the Service's address. */
  open(): Promise<ObjectStore>;
}

/** Secret texts that no log may ever show; new ones a run. */
export const canaries = {
  accessKey: `canary-access-${randomBytes(8).toString('hex')}`,
  secretKey: `canary-secret-${randomBytes(16).toString('hex')}`,
  azureKey: randomBytes(64).toString('base64'),
} as const;

const AZURE_ACCOUNT = 'demoaccount';
const S3_IMAGE = 'localhost/versitygw:e2e';
const fixture = join(repositoryFolder, 'test', 'fixtures', 'longhorn-store', 'store');

async function importS3Image(): Promise<void> {
  const { versitygw } = await ensureBinaries(['versitygw'], { log: say });
  const folder = await mkdtemp(join(tmpdir(), 'mooring-image-'));
  try {
    const archive = await writeImageArchive(folder, {
      name: S3_IMAGE,
      program: versitygw,
      file: 'versitygw',
      args: [],
    });
    const { bin, containerdSocket } = bed().layout;
    await run(join(bin, 'ctr'), ['-a', containerdSocket, '-n', 'k8s.io', 'images', 'import', archive]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const hardened = `{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }`;
const podSecurity = `{ runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: { type: RuntimeDefault } }`;

const s3Manifest = `
apiVersion: v1
kind: Namespace
metadata: { name: ${STORES} }
---
apiVersion: v1
kind: Secret
metadata: { name: s3, namespace: ${STORES} }
stringData: { ROOT_ACCESS_KEY: ${canaries.accessKey}, ROOT_SECRET_KEY: ${canaries.secretKey} }
---
apiVersion: v1
kind: Service
metadata: { name: s3, namespace: ${STORES} }
spec: { selector: { app: s3 }, ports: [{ port: 7070 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: s3, namespace: ${STORES}, labels: { app: s3 } }
spec:
  securityContext: ${podSecurity}
  terminationGracePeriodSeconds: 1
  initContainers:
    - name: buckets
      image: ${network.registry}/node:24-slim
      command: [mkdir, -p, /store/data/backups, /store/iam]
      volumeMounts: [{ name: store, mountPath: /store }]
      securityContext: ${hardened}
  containers:
    - name: s3
      image: ${S3_IMAGE}
      imagePullPolicy: Never
      args: [--port, ':7070', --keep-alive, --iam-dir, /store/iam, --quiet, --health, /health, posix, /store/data]
      envFrom: [{ secretRef: { name: s3 } }]
      readinessProbe: { httpGet: { path: /health, port: 7070 }, periodSeconds: 1 }
      volumeMounts: [{ name: store, mountPath: /store }]
      securityContext: ${hardened}
  volumes: [{ name: store, emptyDir: {} }]
`;

/** Azurite is a Node program: the checkout's own packages, mounted, in the base image. */
function azuriteManifest(): string {
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${STORES} }
---
apiVersion: v1
kind: Secret
metadata: { name: azurite, namespace: ${STORES} }
stringData: { AZURITE_ACCOUNTS: "${AZURE_ACCOUNT}:${canaries.azureKey}" }
---
apiVersion: v1
kind: Service
metadata: { name: azurite, namespace: ${STORES} }
spec: { selector: { app: azurite }, ports: [{ port: 10000 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: azurite, namespace: ${STORES}, labels: { app: azurite } }
spec:
  securityContext: ${podSecurity}
  terminationGracePeriodSeconds: 1
  containers:
    - name: azurite
      image: ${network.registry}/node:24-slim
      workingDir: /tmp
      command: [node, ${main}, --blobHost, 0.0.0.0, --inMemoryPersistence, --disableProductStyleUrl, --silent, --disableTelemetry, --skipApiVersionCheck]
      envFrom: [{ secretRef: { name: azurite } }]
      readinessProbe: { tcpSocket: { port: 10000 }, periodSeconds: 1 }
      volumeMounts:
        - { name: packages, mountPath: ${join(repositoryFolder, 'node_modules')}, readOnly: true }
        - { name: tmp, mountPath: /tmp }
      securityContext: ${hardened}
  volumes:
    - { name: packages, hostPath: { path: ${join(repositoryFolder, 'node_modules')}, type: Directory } }
    - { name: tmp, emptyDir: {} }
`;
}

async function startServer(name: string, manifest: string): Promise<string> {
  await apply(manifest);
  await bed().kubectl(['-n', STORES, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=90s']);
  const address = await bed().kubectl(['-n', STORES, 'get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}']);
  return address.trim();
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Uploads the store that a real Longhorn wrote. */
async function uploadFixture(store: ObjectStore): Promise<void> {
  const files = await filesBelow(fixture);
  await Promise.all(files.map(async (file) => store.put({ key: relative(fixture, file), body: await readFile(file) })));
}

/** Every key of a store with its size and ETag: to see that no byte of it changed. */
export async function inventory(server: StoreServer): Promise<string[]> {
  const store = await server.open();
  try {
    const lines: string[] = [];
    let continuation: string | undefined;
    do {
      const page = await store.list({ prefix: '', ...(continuation === undefined ? {} : { continuation }) });
      lines.push(...page.objects.map(({ key, size, etag }) => `${key} ${String(size)} ${etag ?? ''}`));
      continuation = page.continuation;
    } while (continuation !== undefined);
    return lines;
  } finally {
    store.close();
  }
}

async function fill(server: StoreServer): Promise<StoreServer> {
  const store = await server.open();
  try {
    await eventually(() => uploadFixture(store).then(() => true), {
      timeoutMs: 30_000,
      what: `upload to ${server.url}`,
    });
  } finally {
    store.close();
  }
  return server;
}

const started = new Map<string, Promise<StoreServer>>();

function once(name: string, start: () => Promise<StoreServer>): Promise<StoreServer> {
  const known = started.get(name) ?? start();
  started.set(name, known);
  return known;
}

/** The S3 server, started at the first call. */
export function s3Server(): Promise<StoreServer> {
  return once('s3', async () => {
    await importS3Image();
    const address = await startServer('s3', s3Manifest);
    const url = 's3://backups@us-east-1/';
    const keys = { AWS_ACCESS_KEY_ID: canaries.accessKey, AWS_SECRET_ACCESS_KEY: canaries.secretKey };
    const at = (host: string) => ({ ...keys, AWS_ENDPOINTS: `http://${host}:7070` });
    const open = () => openStore({ url, credentials: at(address) });
    return fill({ url, credentials: at(`s3.${STORES}.svc.cluster.local`), open });
  });
}

/** The Azure server, started at the first call. */
export function azureServer(): Promise<StoreServer> {
  return once('azure', async () => {
    const address = await startServer('azurite', azuriteManifest());
    const url = 'azblob://demo@core.windows.net/';
    const at = (host: string) => ({
      AZBLOB_ACCOUNT_NAME: AZURE_ACCOUNT,
      AZBLOB_ACCOUNT_KEY: canaries.azureKey,
      AZBLOB_ENDPOINT: `http://${host}:10000`,
    });
    const endpoint = `${at(address).AZBLOB_ENDPOINT}/${AZURE_ACCOUNT}`;
    const account = { accountName: AZURE_ACCOUNT, accountKey: canaries.azureKey };
    await createContainer({ endpoint, ...account, stop: () => Promise.resolve() }, 'demo');
    const open = () => openStore({ url, credentials: at(address) });
    return fill({ url, credentials: at(`azurite.${STORES}.svc.cluster.local`), open });
  });
}

/** Volumes and backups in the store that was uploaded: the folders' own count. */
export async function fixtureCounts(): Promise<{ volumes: number; backups: number }> {
  const files = (await filesBelow(fixture)).map((file) => relative(fixture, file));
  return {
    volumes: new Set(
      files.filter((file) => file.startsWith('backupstore/volumes/') && file.endsWith('/volume.cfg')).map(dirname),
    ).size,
    backups: files.filter((file) => /\/backups\/backup_.*\.cfg$/.test(file)).length,
  };
}
