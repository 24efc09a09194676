import type { Pod } from './pod.ts';

/** Watches the Pods of a namespace and calls a pass for each that changed. */
export interface PodLoop {
  /** The Pod as it is known now. */
  readonly podOf: (key: string) => Pod | undefined;
  /** Asks for a pass over a Pod. */
  readonly lookAgain: (key: string, afterMs: number) => void;
  /** Begins. A pass that throws is told of once, and called again with growing pauses. */
  run(pass: (key: string) => Promise<void>): void;
  /** Resolves when all passes that are due are over; no more come. */
  drain(): Promise<void>;
}

/** Passes at a time. */
const WORKERS = 4;

/** Longest pause before a failed pass is called again. */
const MAX_BACKOFF_MS = 10_000;

/** Connects to the API server; see PodLoop. */
export async function startPodLoop(
  kubeconfig: string,
  namespace: string,
  say: (line: string) => void,
): Promise<PodLoop> {
  // Imported late: @mooring/runtime's own tests import this package.
  const { createInformer, coreResources, KubeClient, WorkQueue } = await import('@mooring/runtime');
  const client = await KubeClient.fromKubeconfig(kubeconfig);
  const queue = new WorkQueue({ name: 'node', maxDelayMs: MAX_BACKOFF_MS });
  const informer = createInformer<Pod>({
    client,
    type: coreResources.pods,
    namespace,
    onChange: ({ key }) => queue.add(key),
  });
  const work = async (pass: (key: string) => Promise<void>) => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      try {
        await pass(key);
        queue.forget(key);
      } catch (error) {
        if (queue.numRequeues(key) === 0) say(`failed to run Pod '${key}': ${String(error)}; trying on`);
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
  };
  let working: Promise<void>[] = [];
  return {
    podOf: (key) => informer.getByKey(key),
    lookAgain: (key, afterMs) => queue.addAfter(key, afterMs),
    run: (pass) => {
      working = Array.from({ length: WORKERS }, () => work(pass));
      informer.start();
    },
    drain: async () => {
      await queue.shutDownWithDrain();
      await Promise.all(working);
      await informer.stop();
      client.close();
    },
  };
}
