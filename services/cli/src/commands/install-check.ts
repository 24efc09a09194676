import type { KubeClient } from '@mooring/runtime';
import { CliError } from '../errors.ts';
import { decideInstall, type InstallVerdict } from './decide-install.ts';
import { gatherInstallFacts } from './install-facts.ts';

/** Flags of `install check` and `install apply-crds`. */
export interface InstallOptions {
  /** Beside a Longhorn: its kinds are used as they are. */
  readonly coexistence?: boolean;
}

/** Exit code of a refusal: trying again would not change it. */
export const REFUSED = 2;

/**
 * `install check`: whether this cluster may get an installation that brings no CRDs. Changes nothing. Throws CliError with exit code 2
 * when it may not.
 */
export async function checkInstall(kube: KubeClient, { coexistence = false }: InstallOptions): Promise<string> {
  const facts = await gatherInstallFacts(kube);
  accept(decideInstall(facts, { isCoexisting: coexistence, isApplying: false }));
  const beside = facts.managers.length === 0 ? '' : ` beside ${facts.managers.join(', ')}`;
  return `this cluster can take an installation${beside}; no CustomResourceDefinition is touched\n`;
}

/** The plans of a verdict. Throws CliError with exit code 2 for a refusal. */
export function accept(verdict: InstallVerdict): Exclude<InstallVerdict, { refusal: string }>['plans'] {
  if (verdict.refusal !== undefined) throw new CliError(verdict.refusal, { exitCode: REFUSED });
  return verdict.plans;
}
