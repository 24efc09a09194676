import { isAbsolute } from 'node:path';
import {
  ANNOTATION_STORE,
  resources,
  type Backup,
  type BackupTarget,
  type KubeObject,
  type ResourceType,
  type Volume,
} from '@mooring/api';
import { resolveTargetStore, type ObjectStore } from '@mooring/backupstore';
import { FileDataPath } from '@mooring/datapath';
import { type Clock, type KubeClient, type Log, readSecret } from '@mooring/runtime';
import type { RunConfig } from './config.ts';
import { MoverError } from './errors.ts';
import type { StatusWriter } from './status-writer.ts';
import type { Subject } from './subject.ts';

/** Everything that a task may use; made once by `app.ts`. */
export interface Run {
  readonly config: RunConfig;
  readonly client: KubeClient;
  readonly subject: Subject;
  readonly status: StatusWriter;
  /** Fires when the run is to pause, or its object is gone. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is looked up. */
export interface Reference {
  readonly type: ResourceType;
  readonly name: string;
  /** What it is for, as in `back up snapshot 's'`. */
  readonly action: string;
}

/** Reads an object of the object namespace; undefined when there is none. Throws what the API server answers. */
export async function find<T extends KubeObject>(
  { client, config, signal }: Run,
  { type, name }: Omit<Reference, 'action'>,
): Promise<T | undefined> {
  return await client.find<T>(type, { namespace: config.objectNamespace, name }, { signal });
}

/** As {@link find}. Throws MoverError `ReferenceNotFound` when there is none. */
export async function read<T extends KubeObject>(run: Run, reference: Reference): Promise<T> {
  const { type, name, action } = reference;
  const found = name === '' ? undefined : await find<T>(run, reference);
  if (found !== undefined) return found;
  const detail = `there is no ${type.kind} '${name}' in namespace '${run.config.objectNamespace}'`;
  throw new MoverError('ReferenceNotFound', { action, detail });
}

/** Which target to open. */
export interface TargetReference extends Omit<Reference, 'type'> {
  /** A Backup that says which store it is in: the target must still be that one. */
  readonly object?: Backup;
}

/**
 * Opens the store of a BackupTarget, by its name. Throws as {@link read}, as `resolveTargetStore`, and MoverError `StoreChanged` when the object's
 * data are in another store: between two runs of one Job somebody may have edited the URL.
 */
export async function openTarget(run: Run, reference: TargetReference): Promise<ObjectStore> {
  const { client, config } = run;
  const { object, action } = reference;
  const target = await read<BackupTarget>(run, { ...reference, type: resources.backupTargets });
  const { store, storeHashOf } = await resolveTargetStore({
    target,
    allowedSchemes: config.allowedSchemes,
    readSecret: async (name) => await readSecret(client, { namespace: config.objectNamespace, name }),
  });
  const recorded = object?.metadata.annotations?.[ANNOTATION_STORE];
  if (!recorded || recorded === storeHashOf(target.status?.storeID)) return store;
  store.close();
  throw new MoverError('StoreChanged', { action });
}

/** Where the volume's data are. Throws MoverError `SourceNotSupported`. */
export function dataPathOf(volume: Volume): FileDataPath {
  const path = volume.spec.source?.file?.path;
  if (path !== undefined && isAbsolute(path)) return new FileDataPath(path);
  throw new MoverError('SourceNotSupported', { action: `open the data of volume '${volume.metadata.name}'` });
}
