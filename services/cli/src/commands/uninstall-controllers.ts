import type { ObjectMeta } from '@mooring/api';
import { coreResources, isNotFound, type KubeClient, sleep, systemClock } from '@mooring/runtime';
import { appsResources } from '../cluster.ts';

/** Services that write our kinds; their Deployments are `mooring-<service>`. */
const CONTROLLERS = ['target-controller', 'volume-controller', 'backup-controller'] as const;

/** Which controllers are stopped. */
export interface StopOptions {
  readonly release: string;
  /** Of the release. */
  readonly namespace: string;
  /** For the Pods to go, milliseconds; a Pod has 30 s by itself, one on a dead node stays for ever. */
  readonly timeoutMs: number;
}

interface Pod {
  readonly metadata: ObjectMeta;
}

const POLL_MS = 250;

/**
 * Scales the controllers to 0 and waits until their Pods are gone. Resolves with the Pods that were still there when time was up, as
 * `namespace/name`; what they could still write ends with their rights, which go with the release. Errors are tried again until then.
 * Throws ApiError, ConnectionError.
 */
export async function stopControllers(kube: KubeClient, options: StopOptions): Promise<string[]> {
  const endsAt = systemClock.monotonic() + options.timeoutMs;
  for (;;) {
    try {
      const pods = await tryStop(kube, options);
      if (pods.length === 0 || systemClock.monotonic() >= endsAt) return pods;
    } catch (error) {
      if (systemClock.monotonic() >= endsAt) throw error;
    }
    await sleep(systemClock, POLL_MS);
  }
}

/** Each time anew: an autoscaler or somebody's `kubectl` may have scaled them up meanwhile. */
async function tryStop(kube: KubeClient, options: StopOptions): Promise<string[]> {
  await Promise.all(CONTROLLERS.map((service) => scaleToZero(kube, options.namespace, `mooring-${service}`)));
  return await listPods(kube, options);
}

async function scaleToZero(kube: KubeClient, namespace: string, name: string): Promise<void> {
  const ref = { namespace, name, subresource: 'scale' };
  try {
    await kube.patch(appsResources.deployments, ref, { spec: { replicas: 0 } }, { kind: 'merge' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function listPods(kube: KubeClient, { release, namespace }: StopOptions): Promise<string[]> {
  const labelSelector = [
    'app.kubernetes.io/name=mooring',
    `app.kubernetes.io/instance=${release}`,
    `app.kubernetes.io/component in (${CONTROLLERS.join(',')})`,
  ].join(',');
  const { items } = await kube.list<Pod>(coreResources.pods, { namespace, labelSelector, metadataOnly: true });
  return items.map(({ metadata }) => `${metadata.namespace ?? namespace}/${metadata.name}`);
}
