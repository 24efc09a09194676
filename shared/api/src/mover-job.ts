/**
 * The Jobs that move data, as both sides see them: the controllers make them, the mover (`services/mover`) reads its orders from their environment.
 * A Job's name follows from its object and task, so that making it again after a crash finds the first one.
 */
import { createHash } from 'node:crypto';
import type { ObjectMeta, ResourceType } from './resource.ts';
import { LABEL_BACKUP_TARGET, LABEL_BACKUP_VOLUME } from './labels.ts';
import { labelValue } from './names.ts';

/** Kubernetes' Jobs. */
export const jobResource = {
  group: 'batch',
  version: 'v1',
  plural: 'jobs',
  kind: 'Job',
  namespaced: true,
} as const satisfies ResourceType;

/** What one run of the mover does, for which kind of object. */
export const moverTasks = {
  'take-snapshot': 'Snapshot',
  'remove-snapshot': 'Snapshot',
  backup: 'Backup',
  verify: 'Backup',
  restore: 'Volume',
} as const;

/** One of {@link moverTasks}. */
export type MoverTask = keyof typeof moverTasks;

/** Exit codes of the mover. `failed` is tried again by the Job, `refused` ends it, `paused` (SIGTERM) is started again and not counted. */
export const moverExit = { done: 0, failed: 1, refused: 2, paused: 75 } as const;

/** Label on a mover's Job: its task. */
export const LABEL_MOVER_TASK = 'mooring.io/mover-task';

/** Label on a mover's Job: UID of the object that it works for. */
export const LABEL_MOVER_OBJECT = 'mooring.io/mover-object';

/** Annotation on a mover's Job: name of the object that it works for; its namespace is the object namespace. */
export const ANNOTATION_MOVER_OBJECT = 'mooring.io/mover-object-name';

/** Component of the Jobs that move data and of their Pods, as label `app.kubernetes.io/component`. */
export const MOVER_COMPONENT = 'mover';

/** Label selector of the Jobs that move data, and of their Pods. */
export const MOVER_SELECTOR = `app.kubernetes.io/component=${MOVER_COMPONENT}`;

/** Name of the container of a mover's Pod. */
export const MOVER_CONTAINER = 'mover';

/** The mover's orders, as environment variables. */
export const moverVariables = {
  /** One of {@link moverTasks}. */
  task: 'MOORING_MOVER_TASK',
  /** `metadata.name` of the object. */
  object: 'MOORING_MOVER_OBJECT',
  /** `metadata.uid` of the object: one of the same name that came later is another. */
  uid: 'MOORING_MOVER_UID',
  /** Blocks moved at once. */
  workers: 'MOORING_MOVER_WORKERS',
  /** Restores only: name of the BackupTarget. */
  target: 'MOORING_MOVER_TARGET',
  /** Restores only: name of the volume in the store. */
  volume: 'MOORING_MOVER_VOLUME',
  /** Restores only: name of the backup in the store. */
  backup: 'MOORING_MOVER_BACKUP',
  /** Restores only: name of the backup that the volume holds now, to fetch only what changed; empty: all is fetched. */
  base: 'MOORING_MOVER_BASE',
  /** Verifications only: `lists` or `full`. */
  mode: 'MOORING_MOVER_MODE',
  /** Backups only: checksums of blocks that are known to be bad, with commas: they are written again. */
  corrupt: 'MOORING_MOVER_CORRUPT',
} as const;

/** What a run is ordered to do, by the names of {@link moverVariables}; absent ones are empty. */
export type MoverOrders = Partial<Record<Exclude<keyof typeof moverVariables, 'task' | 'object' | 'uid'>, string>>;

/** What an administrator sets for all movers. */
export interface MoverSettings {
  /** Of the Jobs: the release namespace. */
  readonly namespace: string;
  readonly image: string;
  readonly serviceAccount: string;
  /** Environment of every mover: object namespace, allowed schemes, log level, collector. */
  readonly env: Readonly<Record<string, string>>;
  /** Further labels and annotations of the Pods; ours win. */
  readonly podLabels?: Readonly<Record<string, string>> | undefined;
  readonly podAnnotations?: Readonly<Record<string, string>> | undefined;
  /** Put over the Pod's spec, member by member: tolerations, affinity, pull secrets. Its nodeSelector is added to the data's node. */
  readonly pod?: Readonly<Record<string, unknown>> | undefined;
  /** Put over the container, member by member: resources, securityContext, imagePullPolicy. Its env is added to ours, and wins. */
  readonly container?: Readonly<Record<string, unknown>> | undefined;
}

/** One run. */
export interface MoverJobInput {
  readonly settings: MoverSettings;
  readonly task: MoverTask;
  /** The object that it works for. */
  readonly object: { readonly metadata: Pick<ObjectMeta, 'name'> & { readonly uid?: string | undefined } };
  /** Set apart runs of one task for one object: the backup that is restored. */
  readonly instance?: string | undefined;
  readonly orders?: MoverOrders | undefined;
  /** The BackupTarget and the volume in it that are read or written, as names: one operation at a time on each such pair. */
  readonly store?: { readonly target: string; readonly volume: string } | undefined;
  /** Folder on the node that is mounted under its own path; absolute. */
  readonly hostFolder?: string | undefined;
  /** Node that the data is on; any when empty. */
  readonly node?: string | undefined;
  /** W3C traceparent; becomes `TRACEPARENT`. */
  readonly traceparent?: string | undefined;
}

/** A Job, as far as it is ours. */
export interface MoverJob {
  readonly apiVersion: 'batch/v1';
  readonly kind: 'Job';
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: MoverJobStatus | undefined;
}

/** What the job controller says of a Job. */
export interface MoverJobStatus {
  readonly active?: number | undefined;
  readonly ready?: number | undefined;
  readonly failed?: number | undefined;
  readonly succeeded?: number | undefined;
  readonly conditions?: readonly MoverJobCondition[] | null;
}

/** A condition of a Job, as far as it is read here. */
export interface MoverJobCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly lastTransitionTime?: string;
}

/**
 * How far a run is; `stopping`: it failed or is deleted, and its Pods have not ended yet. Of one that failed, `isRefused` says that trying again is no
 * use ({@link moverExit} `refused`), and `endedAt` when it gave up, RFC 3339.
 */
export type MoverState =
  | { readonly kind: 'running' }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string; readonly isRefused: boolean; readonly endedAt: string };

/** Reason of a Job's failure by its Pod failure policy; here: the mover refused. */
const POD_FAILURE_POLICY = 'PodFailurePolicy';

/** Failed Pods after which a Job gives up, with the job controller's backoff of 10 s, 20 s, … 10 min between them. */
const BACKOFF_LIMIT = 6;

/** Seconds that an ended Job stays when its controller does not remove it. */
const TTL_SECONDS = 24 * 3_600;

/** Seconds for a clean pause: the blocks in flight are written. */
const GRACE_SECONDS = 60;

/** Name of the Job of a task for an object, at most 63 characters: `mooring-<task>-<object>-<hash>`. */
export function moverJobName({
  task,
  object,
  instance = '',
}: Pick<MoverJobInput, 'task' | 'object' | 'instance'>): string {
  const identity = [task, object.metadata.uid ?? object.metadata.name, instance].join('\n');
  const hash = createHash('sha256').update(identity, 'utf8').digest('hex').slice(0, 10);
  const readable = object.metadata.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
  const start = `mooring-${task}-${readable}`.slice(0, 63 - hash.length - 1).replace(/-+$/, '');
  return `${start}-${hash}`;
}

/** The Job of one run. */
export function moverJob(input: MoverJobInput): MoverJob {
  const { settings, task, object, store, traceparent } = input;
  const labels = {
    'app.kubernetes.io/name': 'mooring',
    'app.kubernetes.io/component': MOVER_COMPONENT,
    [LABEL_MOVER_TASK]: task,
    [LABEL_MOVER_OBJECT]: labelValue(object.metadata.uid ?? ''),
    ...(store === undefined
      ? {}
      : { [LABEL_BACKUP_TARGET]: labelValue(store.target), [LABEL_BACKUP_VOLUME]: labelValue(store.volume) }),
  };
  const annotations = { [ANNOTATION_MOVER_OBJECT]: object.metadata.name };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: moverJobName(input), namespace: settings.namespace, labels, annotations },
    spec: {
      backoffLimit: BACKOFF_LIMIT,
      ttlSecondsAfterFinished: TTL_SECONDS,
      // One at a time: the next Pod starts when the last one has ended, not when it is told to.
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          exitRule('FailJob', moverExit.refused),
          exitRule('Ignore', moverExit.paused),
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: {
        metadata: {
          labels: { ...settings.podLabels, ...labels },
          annotations: { ...settings.podAnnotations, ...annotations },
        },
        spec: podSpec(input, environment(input, traceparent)),
      },
    },
  };
}

/** What a Job's status says. */
export function moverState(job: MoverJob): MoverState {
  if (job.metadata.deletionTimestamp) return { kind: 'stopping' };
  const holds = (type: string) =>
    (job.status?.conditions ?? []).find((condition) => condition.type === type && condition.status === 'True');
  if (holds('Complete') !== undefined) return { kind: 'done' };
  const failed = holds('Failed');
  if (failed !== undefined) {
    const { message = 'the mover failed', reason, lastTransitionTime: endedAt = '' } = failed;
    return { kind: 'failed', message, isRefused: reason === POD_FAILURE_POLICY, endedAt };
  }
  return holds('FailureTarget') === undefined ? { kind: 'running' } : { kind: 'stopping' };
}

function exitRule(action: 'FailJob' | 'Ignore', code: number): object {
  return { action, onExitCodes: { containerName: MOVER_CONTAINER, operator: 'In', values: [code] } };
}

function environment(
  { settings, task, object, orders = {} }: MoverJobInput,
  traceparent: string | undefined,
): object[] {
  const values: Record<string, string> = {
    ...settings.env,
    [moverVariables.task]: task,
    [moverVariables.object]: object.metadata.name,
    [moverVariables.uid]: object.metadata.uid ?? '',
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
  };
  for (const name of Object.keys(orders) as (keyof MoverOrders)[]) {
    const value = orders[name];
    if (value !== undefined && value !== '') values[moverVariables[name]] = value;
  }
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function podSpec({ settings, hostFolder, node }: MoverJobInput, env: object[]): object {
  const mounts = hostFolder === undefined ? [] : [{ name: 'data', mountPath: hostFolder }];
  const { pod = {}, container = {} } = settings;
  const volumes = hostFolder === undefined ? [] : [{ name: 'data', hostPath: { path: hostFolder, type: 'Directory' } }];
  return {
    restartPolicy: 'Never',
    serviceAccountName: settings.serviceAccount,
    // The account itself hands its token to nobody else.
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    ...pod,
    nodeSelector: { ...objectIn(pod['nodeSelector']), ...(node ? { 'kubernetes.io/hostname': node } : {}) },
    containers: [
      {
        name: MOVER_CONTAINER,
        image: settings.image,
        volumeMounts: mounts,
        terminationMessagePolicy: 'FallbackToLogsOnError',
        ...container,
        env: [...env, ...listIn(container['env'])],
      },
    ],
    volumes,
  };
}

function objectIn(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
