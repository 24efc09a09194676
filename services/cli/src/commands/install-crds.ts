import { type CrdFacts, customResourceDefinition, kinds, MOORING_VERSION } from '@mooring/api';
import { coreResources, type KubeClient, sleep, systemClock } from '@mooring/runtime';
import { CliError } from '../errors.ts';
import { decideInstall } from './decide-install.ts';
import { finishDeletions } from './finish-deletions.ts';
import { accept } from './install-check.ts';
import { gatherInstallFacts, readCrd } from './install-facts.ts';

/** What the installed CRDs are written as; it owns all that a CRD says. */
const FIELD_MANAGER = 'mooring-install';

/** The API server serves a new kind within a second. */
const ESTABLISHED_MS = 30_000;
const POLL_MS = 100;

interface Crd extends CrdFacts {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** What `applyCrds` is told. */
export interface ApplyCrdsOptions {
  readonly objectNamespace: string;
  /** Gets a line for what takes time. */
  readonly say: (line: string) => void;
}

/**
 * `install apply-crds`: refuses where Longhorn manages these kinds (exit code 2), ends deletions that hang for want of a controller, then
 * installs or upgrades every CRD by server-side apply and waits until it is served. A newer one stays as it is. Idempotent.
 */
export async function applyCrds(kube: KubeClient, options: ApplyCrdsOptions): Promise<string> {
  const wish = { isCoexisting: false, isApplying: true };
  const before = await gatherInstallFacts(kube);
  accept(decideInstall(before, wish));
  const isChanged = await finishDeletions(kube, { ...options, crds: before.crds });
  const plans = accept(decideInstall(isChanged ? await gatherInstallFacts(kube) : before, wish));
  const done = await Promise.all(
    kinds.map(async (kind) => {
      const name = `${kind.resource.plural}.${kind.resource.group}`;
      if (plans.get(name) === 'keep') return `kept     ${name}: a newer version wrote it`;
      const type = coreResources.customResourceDefinitions;
      const how = { kind: 'apply', fieldManager: FIELD_MANAGER, force: true } as const;
      await kube.patch(type, { name }, customResourceDefinition(kind), how);
      await waitUntilServed(kube, name);
      return `applied  ${name}`;
    }),
  );
  return `${done.join('\n')}\nthe CustomResourceDefinitions are of version ${MOORING_VERSION} or newer\n`;
}

async function waitUntilServed(kube: KubeClient, name: string): Promise<void> {
  const endsAt = systemClock.monotonic() + ESTABLISHED_MS;
  for (;;) {
    const crd: Crd | undefined = await readCrd(kube, name);
    if (crd?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    if (systemClock.monotonic() >= endsAt) {
      throw new CliError(
        `failed to install CustomResourceDefinition '${name}': the API server does not serve it after ` +
          `${String(ESTABLISHED_MS / 1_000)} s; look at its conditions with kubectl describe crd ${name}`,
      );
    }
    await sleep(systemClock, POLL_MS);
  }
}
