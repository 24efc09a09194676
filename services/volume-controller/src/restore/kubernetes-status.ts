import type { Backup, VolumeStatus } from '@mooring/api';
import { asObject, objectIn } from './json-object.ts';

/** `status.kubernetesStatus` of a Volume. */
type KubernetesStatus = NonNullable<VolumeStatus['kubernetesStatus']>;

/** Label of a backup: where its volume was used when it was made, as JSON of a {@link KubernetesStatus} (longhorn-manager.md §1.3). */
const LABEL_KUBERNETES_STATUS = 'KubernetesStatus';

/** Fields that are taken over. The PersistentVolume's are not: the restored volume has none yet. */
const FIELDS = ['namespace', 'pvcName', 'lastPVCRefAt', 'lastPodRefAt'] as const;
const WORKLOAD_FIELDS = ['podName', 'podStatus', 'workloadName', 'workloadType'] as const;

/** As many as the schema of Volume allows. */
const MOST_WORKLOADS = 1024;

/**
 * Where the volume of a backup was used (longhorn-manager.md §3.8): the times that the label leaves out are the snapshot's. Empty where the backup says
 * nothing of it, or something that cannot be read: whoever may write to the store may write anything there.
 */
export function kubernetesStatusOf({ status }: Backup): KubernetesStatus {
  const known = parse(status?.labels?.[LABEL_KUBERNETES_STATUS] ?? '');
  if (known === undefined) return {};
  const takenAt = status?.snapshotCreatedAt ?? '';
  const { pvcName, lastPVCRefAt, lastPodRefAt, workloadsStatus } = known;
  return {
    ...known,
    lastPVCRefAt: lastPVCRefAt || (pvcName ? takenAt : ''),
    lastPodRefAt: lastPodRefAt || (workloadsStatus.length > 0 ? takenAt : ''),
  };
}

function parse(label: string) {
  const object = objectIn(label);
  const known = object && textsOf(object, FIELDS);
  const workloads = workloadsOf(object?.['workloadsStatus'] ?? []);
  return known && workloads && { ...known, workloadsStatus: workloads };
}

function workloadsOf(list: unknown): Record<(typeof WORKLOAD_FIELDS)[number], string>[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const read = list.slice(0, MOST_WORKLOADS).map((item: unknown) => {
    const object = asObject(item);
    return object && textsOf(object, WORKLOAD_FIELDS);
  });
  return read.every((item) => item !== undefined) ? read : undefined;
}

/** These fields as text, absent ones empty; undefined when one is something else. */
function textsOf<F extends string>(object: Readonly<Record<string, unknown>>, fields: readonly F[]) {
  const entries = fields.map((field) => [field, object[field] ?? ''] as const);
  return entries.every(([, value]) => typeof value === 'string')
    ? (Object.fromEntries(entries) as Record<F, string>)
    : undefined;
}
