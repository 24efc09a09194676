import { containerEnv, expandVariables } from './pod-env.ts';
import { PodRefused, type Container, type Pod } from './pod.ts';
import type { PodSources } from './pod-sources.ts';
import { movedPath, prepareVolumes } from './pod-volumes.ts';

/** What an image is here: a program of this machine. */
export interface ImageProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that the image brings; the container's own win. Nothing is inherited. */
  readonly env?: Readonly<NodeJS.ProcessEnv> | undefined;
}

/** A Pod's program, ready to be run. */
export interface PodProgram extends ImageProgram {
  readonly container: Container;
  /** The Pod is to have its ServiceAccount's token. */
  readonly hasToken: boolean;
}

/** What a Pod is run with. */
export interface PodProgramInput {
  readonly pod: Pod;
  readonly images: Readonly<Record<string, ImageProgram>>;
  /** Gets the volumes that are written. */
  readonly folder: string;
  readonly sources: PodSources;
}

/**
 * Makes a Pod's program: the image's, with the container's arguments, environment and volumes. Resources, security context, probes and
 * affinity are not looked at: the program runs as this user. Throws PodRefused and PodWaits.
 */
export async function podProgram({ pod, images, folder, sources }: PodProgramInput): Promise<PodProgram> {
  const container = onlyContainer(pod);
  const image = images[container.image];
  if (image === undefined) {
    const known = Object.keys(images).join(', ') || 'none';
    throw new PodRefused(`this node has no image '${container.image}'; it has: ${known}`);
  }
  const own = await containerEnv(pod, container, sources);
  const { moved, hasToken } = await prepareVolumes({ pod, container, folder }, sources);
  const texts = [...Object.values(own), ...(container.args ?? [])];
  for (const mount of moved) {
    if (texts.some((text) => movedPath(text, [mount]) !== text)) continue;
    throw new PodRefused(
      `this node cannot put a volume at ${mount.mountPath}, and no variable or argument that begins so tells the program where it is`,
    );
  }
  const values = Object.entries(own).map(([name, value]) => [name, movedPath(value, moved)] as const);
  const args = (container.args ?? []).map((text) => movedPath(expandVariables(text, own), moved));
  return {
    container,
    hasToken,
    command: image.command,
    args: [...image.args, ...args],
    env: { ...image.env, ...Object.fromEntries(values) },
  };
}

function onlyContainer({ spec }: Pod): Container {
  const [container, ...more] = spec.containers;
  if (container === undefined || more.length > 0 || (spec.initContainers ?? []).length > 0) {
    throw new PodRefused('this node runs Pods of one container, without init containers');
  }
  if (container.command) throw new PodRefused("this node runs an image's own program: the container has a command");
  if (spec.restartPolicy !== 'Never') throw new PodRefused('this node runs Pods with restartPolicy Never only');
  if (spec.activeDeadlineSeconds) throw new PodRefused("this node has no activeDeadlineSeconds; use the Job's own");
  return container;
}
