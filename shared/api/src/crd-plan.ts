/** What an installation does with a CustomResourceDefinition that may be there already. Pure. */
import { ANNOTATION_CRD_VERSION, VERSION } from './labels.ts';
import type { ObjectMeta } from './resource.ts';
import { compareVersions } from './version.ts';

/** A CustomResourceDefinition as far as decisions go. */
export interface CrdFacts {
  readonly metadata: Readonly<ObjectMeta>;
  readonly spec?: { readonly versions?: readonly { readonly name: string; readonly served: boolean }[] };
}

/**
 * `apply`: it is absent, ours and not newer, or nobody's. `keep`: a newer release wrote it and it still serves our version; releases only
 * add, so this one works with it. `incompatible`: a newer one that no longer does. `foreign`: Longhorn's own.
 */
export type CrdPlan = 'apply' | 'keep' | 'incompatible' | 'foreign';

/** Decides on one CRD. `wantedVersion` is the release that wants to write it; `existing` is undefined when it is absent. */
export function planCrd(existing: CrdFacts | undefined, wantedVersion: string): CrdPlan {
  if (existing === undefined) return 'apply';
  const written = existing.metadata.annotations?.[ANNOTATION_CRD_VERSION];
  if (written === undefined) return isOfLonghorn(existing) ? 'foreign' : 'apply';
  if (compareVersions(written, wantedVersion) <= 0) return 'apply';
  const isServed = existing.spec?.versions?.some(({ name, served }) => name === VERSION && served) === true;
  return isServed ? 'keep' : 'incompatible';
}

/** Longhorn's chart and its YAML file both put these labels on their CRDs (`longhorn`, Rancher's `longhorn-crd`); ours have neither. */
function isOfLonghorn({ metadata: { labels, annotations } }: CrdFacts): boolean {
  const marks = [
    labels?.['app.kubernetes.io/name'],
    labels?.['helm.sh/chart'],
    annotations?.['meta.helm.sh/release-name'],
  ];
  return marks.some((mark) => mark?.startsWith('longhorn') === true);
}
