/** What the tests of the mover share: runs of its process against a real API server, with volumes in files and a store. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  API_VERSION,
  type Backup,
  type KubeObject,
  LABEL_BACKUP_TARGET,
  moverExit,
  type MoverOrders,
  moverVariables,
  type MoverTask,
  type ResourceType,
  resources,
  type Snapshot,
  type Volume,
} from '@mooring/api';
import { coreResources, type KubeClient } from '@mooring/runtime';
import {
  type FaultProxy,
  onRunEnd,
  sharedControlPlane,
  sharedS3,
  startFaultProxy,
  temporaryFolder,
  testNamespace,
} from '@mooring/testing';

/** One run, as it is ordered. */
export interface RunOptions {
  readonly task: MoverTask;
  readonly object: KubeObject;
  readonly orders?: MoverOrders;
  readonly env?: Readonly<Record<string, string>>;
}

/** A run that is under way. */
export interface StartedRun {
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Its exit code (undefined: killed by a signal) and its log. */
  readonly ended: Promise<EndedRun>;
}

/** How a run ended. */
export interface EndedRun {
  readonly exitCode: number | undefined;
  readonly log: string;
}

/** A namespace with a store and hands to act as a user and as the controllers. */
export interface MoverRig {
  readonly namespace: string;
  readonly kube: KubeClient;
  /** For the data of volumes. */
  readonly folder: string;
  /** The folder of the target `store`. */
  readonly storeFolder: string;
  start(options: RunOptions): StartedRun;
  run(options: RunOptions): Promise<EndedRun>;
  create<T extends KubeObject>(type: ResourceType, name: string, parts: Partial<KubeObject>): Promise<T>;
  get<T extends KubeObject>(type: ResourceType, object: KubeObject): Promise<T | undefined>;
  /** Deletes an object, which stays because of a finalizer. */
  deleteHeld(type: ResourceType, object: KubeObject): Promise<void>;
  patchStatus(type: ResourceType, object: KubeObject, status: object): Promise<void>;
  /** A BackupTarget in a bucket of its own, through a proxy that can misbehave. */
  s3Target(name: string): Promise<S3Target>;
  /** A Volume with these data, a Snapshot of it that is taken, and a Backup of that. */
  prepared(name: string, data: Buffer, target?: string): Promise<Prepared>;
  /** A Volume whose data are in the file of its name. */
  volume(name: string, spec?: object): Promise<Volume>;
  snapshot(name: string, volume: string): Promise<Snapshot>;
  backup(name: string, snapshot: string, options?: { spec?: object; target?: string }): Promise<Backup>;
}

/** A store with its proxy. */
export interface S3Target {
  readonly proxy: FaultProxy;
  readonly secret: { readonly accessKey: string; readonly secretKey: string };
}

/** What a backup is made from. */
export interface Prepared {
  readonly volume: Volume;
  readonly snapshot: Snapshot;
  readonly backup: Backup;
}

const MAIN = fileURLToPath(import.meta.resolve('../../services/mover/src/main.ts'));

/** Makes a namespace with the BackupTarget `store`, a folder. */
export async function createMoverRig(): Promise<MoverRig> {
  const { kube, kubeconfig } = await sharedControlPlane();
  const { name: namespace } = await testNamespace('mover');
  const root = await temporaryFolder('mover');
  const [folder, storeFolder] = [join(root, 'data'), join(root, 'store')];
  await Promise.all([mkdir(folder), mkdir(storeFolder)]);
  const start = (options: RunOptions): StartedRun =>
    startRun({ KUBECONFIG: kubeconfig, MOORING_OBJECT_NAMESPACE: namespace, ...environment(options) });
  const hands = handsOf(kube, namespace, folder);
  const run: MoverRig['run'] = async (options) => await start(options).ended;
  await hands.create(resources.backupTargets, 'store', { spec: { backupTargetURL: `vfs://${storeFolder}` } });
  const prepared: MoverRig['prepared'] = async (name, data, target = 'store') => {
    const volume = await hands.volume(name, { size: String(data.length) });
    await writeFile(join(folder, `${name}.img`), data);
    const snapshot = await hands.snapshot(`${name}-s1`, name);
    const { exitCode, log } = await run({ task: 'take-snapshot', object: snapshot });
    if (exitCode !== moverExit.done) throw new Error(`failed to take snapshot '${name}-s1': ${log}`);
    return { volume, snapshot, backup: await hands.backup(`${name}-b1`, `${name}-s1`, { target }) };
  };
  const s3Target: MoverRig['s3Target'] = async (name) => await createS3Target(kube, namespace, name);
  return { namespace, kube, folder, storeFolder, start, run, prepared, s3Target, ...hands };
}

async function createS3Target(kube: KubeClient, namespace: string, name: string): Promise<S3Target> {
  const s3 = await sharedS3();
  const bucket = `${namespace}-${name}`;
  await s3.createBucket(bucket);
  const proxy = await startFaultProxy({ target: s3.endpoint });
  onRunEnd(() => proxy.stop());
  const metadata = { namespace, name };
  const stringData = {
    AWS_ACCESS_KEY_ID: s3.accessKey,
    AWS_SECRET_ACCESS_KEY: s3.secretKey,
    AWS_ENDPOINTS: proxy.url,
  };
  await kube.create(coreResources.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, stringData });
  const spec = { backupTargetURL: `s3://${bucket}@${s3.region}/`, credentialSecret: name };
  await kube.create(resources.backupTargets, { apiVersion: API_VERSION, kind: 'BackupTarget', metadata, spec });
  return { proxy, secret: s3 };
}

function environment({ task, object, orders = {}, env }: RunOptions): Record<string, string> {
  const ordered = Object.entries(orders).map(([name, value]) => [moverVariables[name as keyof MoverOrders], value]);
  return {
    [moverVariables.task]: task,
    [moverVariables.object]: object.metadata.name,
    [moverVariables.uid]: object.metadata.uid ?? '',
    MOORING_ALLOWED_SCHEMES: 'vfs,s3',
    ...(Object.fromEntries(ordered) as Record<string, string>),
    ...env,
  };
}

function startRun(env: Record<string, string>): StartedRun {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  }
  const ended = new Promise<EndedRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? undefined, log }));
  });
  return { kill: (signal) => child.kill(signal), ended };
}

function handsOf(
  kube: KubeClient,
  namespace: string,
  folder: string,
): Pick<MoverRig, 'create' | 'get' | 'deleteHeld' | 'patchStatus' | 'volume' | 'snapshot' | 'backup'> {
  const create: MoverRig['create'] = async (type, name, parts) => {
    const { metadata, ...members } = parts;
    return await kube.create(type, {
      apiVersion: API_VERSION,
      kind: type.kind,
      metadata: { ...metadata, name, namespace },
      ...members,
    });
  };
  return {
    create,
    get: (type, { metadata: { name } }) => kube.find(type, { namespace, name }),
    deleteHeld: async (type, { metadata: { name } }) => {
      const held = { metadata: { finalizers: ['mooring.test/held'] } };
      await kube.patch(type, { namespace, name }, held, { kind: 'merge' });
      await kube.delete(type, { namespace, name });
    },
    patchStatus: async (type, { metadata: { name } }, status) => {
      await kube.patch(type, { namespace, name, subresource: 'status' }, { status }, { kind: 'merge' });
    },
    volume: async (name, spec) =>
      await create<Volume>(resources.volumes, name, {
        spec: { size: String(8 * 1024 * 1024), source: { file: { path: join(folder, `${name}.img`) } }, ...spec },
      }),
    snapshot: async (name, volume) => await create<Snapshot>(resources.snapshots, name, { spec: { volume } }),
    backup: async (name, snapshot, { spec, target = 'store' } = {}) =>
      await create<Backup>(resources.backups, name, {
        metadata: { name, labels: { [LABEL_BACKUP_TARGET]: target } },
        spec: { snapshotName: snapshot, ...spec },
      }),
  };
}
