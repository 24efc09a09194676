import { type CrdFacts, kinds, MOORING_VERSION, planCrd, type CrdPlan } from '@mooring/api';

/** Everything that an installation is decided on. */
export interface InstallFacts {
  /** Our kinds' CustomResourceDefinitions by name; undefined for those that are absent. */
  readonly crds: ReadonlyMap<string, CrdFacts | undefined>;
  /** Workloads of a Longhorn manager: `DaemonSet longhorn-system/longhorn-manager`. */
  readonly managers: readonly string[];
  /** Longhorn's webhook configurations: `ValidatingWebhookConfiguration longhorn-webhook-validator`. */
  readonly webhooks: readonly string[];
}

/** What an installation is wanted to be. */
export interface InstallWish {
  /** True: beside a Longhorn, whose kinds are used as they are. */
  readonly isCoexisting: boolean;
  /** True: this installation brings the CRDs. */
  readonly isApplying: boolean;
  /** The release that installs; default this one. */
  readonly version?: string;
}

/** May it be installed? Either why not, or what becomes of each CRD. */
export type InstallVerdict =
  { readonly refusal: string } | { readonly refusal?: undefined; readonly plans: ReadonlyMap<string, CrdPlan> };

/** Names of our kinds' CustomResourceDefinitions. */
export const CRD_NAMES: readonly string[] = kinds.map(({ resource }) => `${resource.plural}.${resource.group}`);

/** Decides whether the cluster may get an installation, and what becomes of each CRD. Pure. */
export function decideInstall(facts: InstallFacts, wish: InstallWish): InstallVerdict {
  const version = wish.version ?? MOORING_VERSION;
  const plans = new Map(CRD_NAMES.map((name) => [name, planCrd(facts.crds.get(name), version)]));
  const refusal =
    (wish.isCoexisting ? undefined : refuseLonghorn(facts, plans)) ??
    refuseNewer(facts, plans, version) ??
    (wish.isApplying ? undefined : refuseMissing(facts, wish));
  return refusal === undefined ? { plans } : { refusal };
}

/** Two managers of one kind undo each other's work, and Longhorn deletes from a store what it sees deleted here. */
function refuseLonghorn(facts: InstallFacts, plans: ReadonlyMap<string, CrdPlan>): string | undefined {
  const crds = named(plans, 'foreign');
  const signs = [
    ...facts.managers,
    ...facts.webhooks,
    ...(crds.length === 0 ? [] : [`CustomResourceDefinitions ${crds.join(' ')}`]),
  ];
  if (signs.length === 0) return undefined;
  const handOver =
    crds.length === 0 ? '' : ` (its CRDs: kubectl annotate crd ${crds.join(' ')} mooring.io/crd-version=0.0.0)`;
  return (
    `failed to install: Longhorn manages these kinds in this cluster (${signs.join('; ')}); ` +
    'set coexistence.allow=true to run beside it, or, when Longhorn is gone for good, remove what it left, ' +
    `or hand it over${handOver}`
  );
}

function refuseNewer(facts: InstallFacts, plans: ReadonlyMap<string, CrdPlan>, version: string): string | undefined {
  const crds = named(plans, 'incompatible');
  const written = facts.crds.get(crds[0] ?? '')?.metadata.annotations?.['mooring.io/crd-version'];
  if (crds.length === 0) return undefined;
  return (
    `failed to install version ${version}: the CustomResourceDefinitions ${crds.join(' ')} are of version ` +
    `${String(written)} and no longer serve v1beta2; install that version or a newer one`
  );
}

function refuseMissing({ crds }: InstallFacts, { isCoexisting }: InstallWish): string | undefined {
  const missing = CRD_NAMES.filter((name) => crds.get(name) === undefined);
  if (missing.length === 0) return undefined;
  const cure = isCoexisting
    ? 'install Longhorn first, or unset coexistence.allow'
    : 'apply files/crds of the chart first, or set crds.install=true';
  return `failed to find CustomResourceDefinition '${missing.join(' ')}': it is not in the cluster; ${cure}`;
}

function named(plans: ReadonlyMap<string, CrdPlan>, wanted: CrdPlan): string[] {
  return [...plans].flatMap(([name, plan]) => (plan === wanted ? [name] : []));
}
