/** The recurring jobs of a volume, as its backups remember them, so that a restore can bring them back (longhorn-manager.md §1.2, §3.8). */
import { LABEL_RECURRING_GROUP, LABEL_RECURRING_JOB, type RecurringJob, type Volume } from '@mooring/api';

/** Value of a label that puts a job or a group of jobs onto a Volume. */
const ENABLED = 'enabled';

/** Group that a Volume without any such label is in. */
const DEFAULT_GROUP = 'default';

/**
 * The jobs that run on the volume, as JSON `{"<job>":{"jobSpec":{…},"fromGroup":["<group>"],"fromJob":true}}`; undefined when none does, which
 * Longhorn does not record either. Jobs that a label names and nobody has made are left out.
 */
export function volumeJobs({ metadata }: Pick<Volume, 'metadata'>, jobs: readonly RecurringJob[]): string | undefined {
  const own = namesBehind(LABEL_RECURRING_JOB, metadata.labels);
  const named = namesBehind(LABEL_RECURRING_GROUP, metadata.labels);
  const groups = own.size === 0 && named.size === 0 ? new Set([DEFAULT_GROUP]) : named;
  const entries = jobs.flatMap(({ metadata: { name }, spec }) => {
    const fromGroup = (spec.groups ?? []).filter((group) => groups.has(group));
    const fromJob = own.has(name);
    if (!fromJob && fromGroup.length === 0) return [];
    return [[name, { jobSpec: spec, ...(fromGroup.length > 0 && { fromGroup }), fromJob }]];
  });
  return entries.length === 0 ? undefined : JSON.stringify(Object.fromEntries(entries));
}

function namesBehind(prefix: string, labels: Readonly<Record<string, string>> | null | undefined): Set<string> {
  const enabled = Object.entries(labels ?? {}).filter(([key, value]) => key.startsWith(prefix) && value === ENABLED);
  return new Set(enabled.map(([key]) => key.slice(prefix.length)));
}
