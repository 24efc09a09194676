import { join } from 'node:path';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startNode } from '../node/node.ts';
import type { ProcessSurroundings } from '../processes/process-spec.ts';
import { moverImages, RELEASE_NAMESPACE } from './services.ts';
import type { Teardown } from './teardown.ts';

/** What the node is started with. */
export interface MoverNodeInput {
  controlPlane: ControlPlane;
  /** Entry file of the mover. */
  mover: string;
  /** Absolute. */
  dataDir: string;
  surroundings: ProcessSurroundings;
  say: (line: string) => void;
  /** Gets what ends it. */
  teardown: Teardown;
}

/** Starts the node that runs the Pods of movers; a kubelet does so on a cluster. */
export async function startMoverNode(input: MoverNodeInput): Promise<void> {
  const { controlPlane, mover, dataDir, surroundings, say, teardown } = input;
  const starting = startNode({
    controlPlane,
    namespace: RELEASE_NAMESPACE,
    images: moverImages(mover, dataDir),
    folder: join(dataDir, 'node'),
    surroundings,
    say,
  });
  // At once: a start that fails elsewhere waits for this one, and ends it too.
  teardown.push('node', () =>
    starting.then(
      (node) => node.stop(),
      () => undefined,
    ),
  );
  await starting;
}
