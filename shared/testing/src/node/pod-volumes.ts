import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { Stats } from 'node:fs';
import { writeFileAtomic } from '../files.ts';
import {
  PodRefused,
  PodWaits,
  type Container,
  type KeyToPath,
  type Pod,
  type PodVolume,
  type VolumeMount,
} from './pod.ts';
import type { KeyedData, PodSources } from './pod-sources.ts';

/** Where a volume is that cannot be at its mount path: processes of this machine share one file system. */
export interface MovedMount {
  readonly mountPath: string;
  readonly path: string;
}

/** A container's volumes. */
export interface ContainerVolumes {
  readonly moved: readonly MovedMount[];
  /** The Pod is to have its ServiceAccount's token. */
  readonly hasToken: boolean;
}

/** What is checked of a host path, by its `type`; a folder that is to be made is. */
const HOST_PATH_TYPES: Readonly<Record<string, (found: Stats) => boolean>> = {
  Directory: (found) => found.isDirectory(),
  DirectoryOrCreate: (found) => found.isDirectory(),
  File: (found) => found.isFile(),
  BlockDevice: (found) => found.isBlockDevice(),
};

/** Prepares a container's volumes; `folder` gets those that are written. Throws PodRefused, PodWaits. */
export async function prepareVolumes(
  { pod, container, folder }: { pod: Pod; container: Container; folder: string },
  sources: PodSources,
): Promise<ContainerVolumes> {
  const moved: MovedMount[] = [];
  let hasToken = false;
  for (const mount of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
    if (volume === undefined) throw new PodRefused(`there is no volume '${mount.name}'`);
    if (mount.subPath || mount.subPathExpr) throw new PodRefused(`volume ${mount.name}: this node has no subPath`);
    if (volume.hostPath) {
      await checkHostPath(volume.hostPath, mount);
    } else if (volume.projected?.sources.some((source) => source['serviceAccountToken'] !== undefined)) {
      hasToken = true;
    } else {
      const path = join(folder, volume.name);
      await writeVolume(volume, path, sources);
      moved.push({ mountPath: normalize(mount.mountPath), path });
    }
  }
  return { moved, hasToken };
}

async function checkHostPath({ path, type = '' }: { path: string; type?: string }, mount: VolumeMount): Promise<void> {
  if (normalize(`${path}/`) !== normalize(`${mount.mountPath}/`)) {
    throw new PodRefused(
      `volume ${mount.name}: this node mounts ${path} under its own path only, not at ${mount.mountPath}`,
    );
  }
  if (type === '') return;
  const isRight = HOST_PATH_TYPES[type];
  if (isRight === undefined) throw new PodRefused(`volume ${mount.name}: this node has no host paths of type ${type}`);
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true });
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !isRight(found)) {
    throw new PodWaits('FailedMount', `hostPath type check failed: ${path} is not of type ${type}`);
  }
}

async function writeVolume(volume: PodVolume, path: string, sources: PodSources): Promise<void> {
  const { secret, configMap } = volume;
  if (secret) {
    await writeKeys(path, secret.items, await sources.secret(secret.secretName, secret.optional));
  } else if (configMap) {
    await writeKeys(path, configMap.items, await sources.configMap(configMap.name, configMap.optional));
  } else {
    const kind = Object.keys(volume).filter((member) => member !== 'name');
    throw new PodRefused(`volume ${volume.name}: this node has no volumes of kind '${kind.join()}'`);
  }
}

async function writeKeys(folder: string, items: readonly KeyToPath[] | undefined, data: KeyedData = {}): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = items ?? Object.keys(data).map((key) => ({ key, path: key }));
  for (const { key, path } of files) {
    const content = data[key];
    if (content === undefined) throw new PodWaits('FailedMount', `references non-existent key: ${key}`);
    const file = join(folder, path);
    // The API server refuses `..` too.
    if (!dirname(`${file}/`).startsWith(folder)) throw new PodRefused(`the path '${path}' leads out of its volume`);
    await writeFileAtomic(file, content);
  }
}

/** A text that names a moved mount (`/etc/ca/ca.crt`), with where it is instead. */
export function movedPath(text: string, moved: readonly MovedMount[]): string {
  const mount = moved.find(({ mountPath }) => text === mountPath || text.startsWith(`${mountPath}/`));
  return mount === undefined ? text : mount.path + text.slice(mount.mountPath.length);
}
