/** What the tests of the mover share: runs of its process against a real API server, with volumes in files and a store. */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  API_VERSION,
  type Backup,
  type KubeObject,
  LABEL_BACKUP_TARGET,
  type MoverOrders,
  moverVariables,
  type MoverTask,
  type ResourceType,
  resources,
  type Snapshot,
  type Volume,
} from '@mooring/api';
import { isNotFound, type KubeClient } from '@mooring/runtime';
import { sharedControlPlane, temporaryFolder, testNamespace } from '@mooring/testing';

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
  patchStatus(type: ResourceType, object: KubeObject, status: object): Promise<void>;
  /** A Volume whose data are in the file of its name. */
  volume(name: string, spec?: object): Promise<Volume>;
  snapshot(name: string, volume: string): Promise<Snapshot>;
  backup(name: string, snapshot: string, spec?: object): Promise<Backup>;
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
  await hands.create(resources.backupTargets, 'store', { spec: { backupTargetURL: `vfs://${storeFolder}` } });
  return { namespace, kube, folder, storeFolder, start, run: async (options) => await start(options).ended, ...hands };
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
): Pick<MoverRig, 'create' | 'get' | 'patchStatus' | 'volume' | 'snapshot' | 'backup'> {
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
    get: async (type, { metadata: { name } }) => {
      try {
        return await kube.get(type, { namespace, name });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    patchStatus: async (type, { metadata: { name } }, status) => {
      await kube.patch(type, { namespace, name, subresource: 'status' }, { status }, { kind: 'merge' });
    },
    volume: async (name, spec) =>
      await create<Volume>(resources.volumes, name, {
        spec: { size: String(8 * 1024 * 1024), source: { file: { path: join(folder, `${name}.img`) } }, ...spec },
      }),
    snapshot: async (name, volume) => await create<Snapshot>(resources.snapshots, name, { spec: { volume } }),
    backup: async (name, snapshot, spec) =>
      await create<Backup>(resources.backups, name, {
        metadata: { name, labels: { [LABEL_BACKUP_TARGET]: 'store' } },
        spec: { snapshotName: snapshot, ...spec },
      }),
  };
}
