import { LABEL_BACKUP_TARGET, LABEL_BACKUP_VOLUME } from './labels.ts';
import {
  ANNOTATION_MOVER_OBJECT,
  LABEL_MOVER_OBJECT,
  LABEL_MOVER_TASK,
  type MoverJob,
  type MoverState,
  moverState,
  moverVariables,
} from './mover-job.ts';

/** What a controller remembers of one Job that moves data: about a tenth of the object. */
export interface MoverRun {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    /** Empty while the Job is being made. */
    readonly uid: string;
    readonly resourceVersion: string;
  };
  /** One of `moverTasks`; text, because a newer release may have more. */
  readonly task: string;
  /** UID and name of the object that it works for. */
  readonly objectUid: string;
  readonly objectName: string;
  /** Label form of the target and the volume that it works on; empty where it works on none. */
  readonly target: string;
  readonly volume: string;
  /** Restores: the orders, names as in the store; empty where absent. */
  readonly orders: { readonly target: string; readonly volume: string; readonly backup: string };
  /** Node that it is bound to by its selector; empty: any. */
  readonly node: string;
  readonly state: MoverState;
}

interface PodTemplate {
  readonly template?: {
    readonly spec?: {
      readonly nodeSelector?: Readonly<Record<string, string>>;
      readonly containers?: readonly {
        readonly env?: readonly { readonly name: string; readonly value?: string }[];
      }[];
    };
  };
}

/** Reduces a Job as the API server sends it. Never throws: what is missing becomes the empty string. */
export function toMoverRun(job: MoverJob): MoverRun {
  const { metadata, spec } = job;
  const { labels = {}, annotations = {} } = metadata;
  const pod = (spec as PodTemplate).template?.spec;
  const order = orderOf(pod);
  return {
    metadata: {
      name: metadata.name,
      namespace: textOf(metadata.namespace),
      uid: textOf(metadata.uid),
      resourceVersion: textOf(metadata.resourceVersion),
    },
    task: textOf(labels[LABEL_MOVER_TASK]),
    objectUid: textOf(labels[LABEL_MOVER_OBJECT]),
    objectName: textOf(annotations[ANNOTATION_MOVER_OBJECT]),
    target: textOf(labels[LABEL_BACKUP_TARGET]),
    volume: textOf(labels[LABEL_BACKUP_VOLUME]),
    orders: { target: order('target'), volume: order('volume'), backup: order('backup') },
    node: textOf(pod?.nodeSelector?.['kubernetes.io/hostname']),
    state: moverState(job),
  };
}

function orderOf(pod: NonNullable<PodTemplate['template']>['spec']): (name: keyof typeof moverVariables) => string {
  const env = new Map((pod?.containers?.[0]?.env ?? []).map(({ name, value }) => [name, value]));
  return (name) => textOf(env.get(moverVariables[name]));
}

function textOf(text: string | undefined): string {
  return text ?? '';
}

/** True while Pods of the Job may still work. One that has ended may stay for a while, for its owner to see why. */
export function isMoverActive({ state }: MoverRun): boolean {
  return state.kind === 'running' || state.kind === 'stopping';
}
