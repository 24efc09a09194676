import { jobResource, MOVER_COMPONENT, MOVER_SELECTOR, type ObjectMeta, type ResourceType } from '@mooring/api';
import { coreResources, isNotFound, type KubeClient, sleep, systemClock } from '@mooring/runtime';
import { appsResources } from '../cluster.ts';

/** Services that write our kinds; their Deployments are `mooring-<service>`. */
const CONTROLLERS = ['target-controller', 'volume-controller', 'backup-controller'] as const;

/** Which controllers are stopped. */
export interface StopOptions {
  readonly release: string;
  /** Of the release. */
  readonly namespace: string;
  /** For the Pods to go, milliseconds; a controller's has 30 s by itself, a mover's 60 s, one on a dead node stays for ever. */
  readonly timeoutMs: number;
}

interface Listed {
  readonly metadata: ObjectMeta;
}

const POLL_MS = 250;

/**
 * Scales the controllers to 0, deletes the Jobs of movers, and waits until their Pods are gone: without its account a Job would stay for ever. What a
 * mover has begun in a store stays there, and the next release goes on with it. Resolves with the Pods that were still there when time was up, as
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
  await deleteJobs(kube, options.namespace);
  return await listPods(kube, options);
}

// Before the controllers are gone they may make one again: then its Pod, or theirs, is waited for and this is done once more.
async function deleteJobs(kube: KubeClient, namespace: string): Promise<void> {
  const labelSelector = `app.kubernetes.io/name=mooring,${MOVER_SELECTOR}`;
  const jobs = await list(kube, jobResource, { namespace, labelSelector });
  await Promise.all(
    jobs
      .filter(({ deletionTimestamp }) => !deletionTimestamp)
      .map(async ({ name }) => {
        try {
          await kube.delete(jobResource, { namespace, name }, { propagationPolicy: 'Background' });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }),
  );
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
    `app.kubernetes.io/component in (${[...CONTROLLERS, MOVER_COMPONENT].join(',')})`,
  ].join(',');
  const pods = await list(kube, coreResources.pods, { namespace, labelSelector });
  return pods.map(({ name }) => `${namespace}/${name}`);
}

async function list(
  kube: KubeClient,
  type: ResourceType,
  where: { readonly namespace: string; readonly labelSelector: string },
): Promise<ObjectMeta[]> {
  const { items } = await kube.list<Listed>(type, { ...where, metadataOnly: true });
  return items.map(({ metadata }) => metadata);
}
