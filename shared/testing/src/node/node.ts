import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { ProcessSurroundings } from '../processes/process-spec.ts';
import { reapOrphans, startWatchdog } from '../processes/watchdog.ts';
import { nodeLabels, registerNode, retireNode } from './node-object.ts';
import type { ImageProgram } from './pod-program.ts';
import { podApi } from './pod-api.ts';
import { startPodLoop } from './pod-loop.ts';
import { Pods } from './pods.ts';

/** How a node is started. */
export interface NodeOptions {
  readonly controlPlane: Pick<ControlPlane, 'api' | 'kubeconfig' | 'kubeconfigFor'>;
  /** Its Pods are run, those of no other namespace. */
  readonly namespace: string;
  /** Image → program. Pods with others fail. */
  readonly images: Readonly<Record<string, ImageProgram>>;
  /** Gets `pods/<uid>/`, with what each Pod is given; emptied at the start. Absolute. */
  readonly folder: string;
  /** Name of the Node object; default `mooring-embedded`. */
  readonly name?: string;
  /** Logs are at `<logFolder>/pods/<Pod>.log`. Default: all below `folder`, with a watchdog of its own. */
  readonly surroundings?: ProcessSurroundings;
  /** Gets a line when something does not work; it is tried again. */
  readonly say?: (line: string) => void;
}

/** A running node. */
export interface RunningNode {
  readonly name: string;
  /** Ends its Pods (SIGTERM, SIGKILL after at most 8 s), says so in their status, and takes no more. Idempotent. */
  stop(): Promise<void>;
}

/** The node of `npm start`. */
const NODE_NAME = 'mooring-embedded';

async function surroundingsOf({
  surroundings,
  folder,
}: NodeOptions): Promise<ProcessSurroundings & { stop: () => Promise<void> }> {
  if (surroundings !== undefined) return { ...surroundings, stop: () => Promise.resolve() };
  const runFolder = join(folder, 'run');
  await reapOrphans(runFolder);
  const watchdog = startWatchdog();
  return { logFolder: join(folder, 'logs'), runFolder, watchdog, stop: () => watchdog.stop() };
}

/**
 * Starts a small node: it registers a Node object, takes the Pods of one namespace that have no node, and runs each as a process of this
 * machine with the token of its ServiceAccount (as `KUBECONFIG`), its environment and its volumes. What it cannot do fails with a reason in
 * the Pod's status. There is no `kubectl logs`: that needs a kubelet's own API. Pods that an earlier, dead node ran fail as disrupted.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { controlPlane, namespace, images, folder, name = NODE_NAME, say = () => undefined } = options;
  const { api } = controlPlane;
  const podsFolder = join(folder, 'pods');
  await rm(podsFolder, { recursive: true, force: true });
  const { stop: stopSurroundings, ...surroundings } = await surroundingsOf(options);
  await registerNode(api, name);
  const loop = await startPodLoop(controlPlane.kubeconfig, namespace, say);
  const pods = new Pods({
    podApi: podApi(api),
    nodeName: name,
    nodeLabels: nodeLabels(name),
    podOf: loop.podOf,
    lookAgain: loop.lookAgain,
    surroundings: { ...surroundings, controlPlane, images, folder: podsFolder, say },
  });
  loop.run((key) => pods.pass(key));
  const stop = async () => {
    await pods.stop();
    await loop.drain();
    await retireNode(api, name).catch((error: unknown) => {
      say(`failed to retire node '${name}': ${String(error)}`);
    });
    await stopSurroundings();
  };
  let stopping: Promise<void> | undefined;
  return { name, stop: () => (stopping ??= stop()) };
}
