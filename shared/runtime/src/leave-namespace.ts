import type { ObjectMeta, ResourceType } from '@mooring/api';
import { coreResources } from './core-resources.ts';
import type { KubeClient } from './kube-client.ts';
import type { Log } from './observe.ts';
import { releaseFinalizers } from './release-finalizers.ts';

/** What a controller that stops leaves. */
export interface LeaveOptions {
  readonly client: KubeClient;
  readonly log: Log;
  /** Kinds whose finalizer is this service's to take off. */
  readonly types: readonly ResourceType[];
  readonly config: {
    /** Of this service. */
    readonly namespace: string;
    readonly objectNamespace: string;
    readonly coexistence: boolean;
  };
}

/** Of the thirty seconds that a Pod has: after the passes, before the Lease and the rest. */
const RELEASE_MS = 15_000;
const LOOK_MS = 2_000;

/**
 * The end of a service whose own namespace is being deleted: an uninstall without a hook. The Pods go first and the accounts' rights after
 * them, so this is the last moment in which anybody can take our finalizer off the objects; without it, their deletion would hang until the
 * next installation. Does nothing at an ordinary stop, and beside a Longhorn. Best effort: never throws, ends in time.
 */
export async function leaveNamespace({ client, log, types, config }: LeaveOptions): Promise<void> {
  const { namespace, objectNamespace, coexistence } = config;
  if (coexistence || !(await isBeingDeleted(client, namespace))) return;
  const { releasedCount, left, error } = await releaseFinalizers({
    client,
    types,
    namespace: objectNamespace,
    timeoutMs: RELEASE_MS,
  });
  const facts = { namespace, releasedCount };
  if (left.length === 0) log.info(facts, 'the namespace of this service is being deleted: its objects are let go');
  else
    log.warn(
      { ...facts, left, err: error },
      'the namespace of this service is being deleted, and some of its objects still have our finalizer: deleted, they stay until the next installation',
    );
}

async function isBeingDeleted(client: KubeClient, name: string): Promise<boolean> {
  try {
    const found = await client.get<{ metadata: ObjectMeta }>(
      coreResources.namespaces,
      { name },
      { timeoutMs: LOOK_MS },
    );
    return Boolean(found.metadata.deletionTimestamp);
  } catch {
    // Without an answer nothing is concluded: an ordinary stop while the API server is away.
    return false;
  }
}
