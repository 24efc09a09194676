import { kinds } from '@mooring/api';
import { type KubeClient, releaseFinalizers, systemClock } from '@mooring/runtime';
import { CliError } from '../errors.ts';
import { findManagers } from './install-facts.ts';
import { stopControllers, type StopOptions } from './uninstall-controllers.ts';
import { removeWebhooks } from './uninstall-webhooks.ts';

/** Flags of `uninstall release`. */
export interface UninstallOptions {
  /** Name of the helm release. */
  readonly release: string;
  /** Of the release. */
  readonly namespace: string;
  readonly objectNamespace: string;
  /** For everything, milliseconds. */
  readonly timeoutMs: number;
  /** Gets a line for each step. */
  readonly say: (line: string) => void;
}

/** What the controllers' Pods may take to go: at most half of the time, and twice what a Pod on a living node takes. */
const STOP_SHARE = 0.5;
const STOP_MS = 60_000;

/**
 * `uninstall release`, what helm runs before it removes the release: stops the controllers and the reviews, then takes our finalizer, and no
 * other, off every object, so that no later deletion waits for a controller that is gone. Objects, CRDs and stores stay as they are. Ends in
 * time whatever is broken; throws CliError when objects still have the finalizer then, so that the uninstall can be tried again.
 */
export async function uninstallRelease(kube: KubeClient, options: UninstallOptions): Promise<string> {
  const { release, namespace, objectNamespace, timeoutMs, say } = options;
  const endsAt = systemClock.monotonic() + timeoutMs;
  const stopMs = Math.min(STOP_MS, timeoutMs * STOP_SHARE);
  say(await stopOrGoOn(kube, { release, namespace, timeoutMs: stopMs }));
  say(await removeWebhooksOrGoOn(kube));
  const managers = await findManagers(kube, objectNamespace);
  if (managers.length > 0) {
    return `the finalizers in namespace '${objectNamespace}' stay: ${managers.join(', ')} takes them off\n`;
  }
  const { releasedCount, left, error } = await releaseFinalizers({
    client: kube,
    types: kinds.map(({ resource }) => resource),
    namespace: objectNamespace,
    timeoutMs: endsAt - systemClock.monotonic(),
  });
  if (left.length > 0 || error !== undefined) throw stillHeld(left, error);
  return `took our finalizer off ${String(releasedCount)} objects; objects, CustomResourceDefinitions and stores stay\n`;
}

/** A controller that runs on may put the finalizer back, until its rights go with the release; that must not hold up the uninstall. */
async function stopOrGoOn(kube: KubeClient, options: StopOptions): Promise<string> {
  try {
    const pods = await stopControllers(kube, options);
    if (pods.length === 0) return 'the controllers are stopped';
    return `going on though these Pods are still there (are their nodes gone?): ${pods.join(', ')}`;
  } catch (error) {
    return `going on though the controllers could not be stopped: ${describeError(error)}`;
  }
}

/** Where this fails, most likely the API server is away, and the finalizers are tried until it is back. */
async function removeWebhooksOrGoOn(kube: KubeClient): Promise<string> {
  try {
    await removeWebhooks(kube);
    return 'the webhooks are called no longer';
  } catch (error) {
    return `going on though the webhooks may still be called: ${describeError(error)}`;
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stillHeld(left: readonly string[], cause: unknown): CliError {
  const why = cause === undefined ? '' : `: ${describeError(cause)}`;
  return new CliError(
    `failed to take the finalizer off ${left.join(', ')}${why}; uninstall again, ` +
      'or with helm uninstall --no-hooks and take the finalizer longhorn.io off these objects by hand',
    { cause },
  );
}
