import { type CrdFacts, kinds } from '@mooring/api';
import { coreResources, type KubeClient, releaseFinalizers, sleep, systemClock } from '@mooring/runtime';
import { CliError } from '../errors.ts';
import { REFUSED } from './install-check.ts';
import { readCrd } from './install-facts.ts';

/** What may be in the middle of its deletion. */
export interface DeletionOptions {
  readonly objectNamespace: string;
  readonly crds: ReadonlyMap<string, CrdFacts | undefined>;
  readonly say: (line: string) => void;
}

/** Kubernetes ends these deletions in seconds once nothing holds them. */
const GONE_MS = 60_000;
const POLL_MS = 200;

/**
 * Ends what an earlier installation left half deleted: a CRD or the object namespace that waits for our finalizer on objects, because no
 * controller was there any more. Only objects that are being deleted are let go, only our finalizer is taken off, and no store is touched.
 * True when something was waited for. Throws CliError when it does not go.
 */
export async function finishDeletions(kube: KubeClient, options: DeletionOptions): Promise<boolean> {
  const { objectNamespace: namespace, crds, say } = options;
  const goingCrds = [...crds].flatMap(([name, crd]) => (crd?.metadata.deletionTimestamp ? [name] : []));
  const isNamespaceGoing = await isGoing(kube, namespace);
  if (goingCrds.length === 0 && !isNamespaceGoing) return false;
  const what = [...goingCrds, ...(isNamespaceGoing ? [`namespace ${namespace}`] : [])].join(', ');
  say(`${what}: deletion is under way; ending it before anything is installed`);
  const endsAt = systemClock.monotonic() + GONE_MS;
  const types = kinds.map(({ resource }) => resource);
  for (;;) {
    await releaseFinalizers({ client: kube, types, namespace, onlyDeleting: true, timeoutMs: GONE_MS / 4 });
    const left = await Promise.all(goingCrds.map(async (name) => (await readCrd(kube, name)) !== undefined));
    if (!left.includes(true) && !(await isGoing(kube, namespace))) return true;
    if (systemClock.monotonic() >= endsAt) throw stuck(what, namespace);
    await sleep(systemClock, POLL_MS);
  }
}

function stuck(what: string, namespace: string): CliError {
  return new CliError(
    `failed to install: ${what} is being deleted and does not go; see what holds it with ` +
      `kubectl describe namespace ${namespace}`,
    { exitCode: REFUSED },
  );
}

async function isGoing(kube: KubeClient, namespace: string): Promise<boolean> {
  const found = await kube.find(coreResources.namespaces, { name: namespace });
  return Boolean(found?.metadata.deletionTimestamp);
}
