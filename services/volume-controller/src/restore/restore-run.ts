import { type MoverJob, type MoverState, moverState, moverVariables, ANNOTATION_MOVER_OBJECT } from '@mooring/api';
import { LABEL_BACKUP_TARGET, LABEL_BACKUP_VOLUME, LABEL_MOVER_OBJECT, LABEL_MOVER_TASK } from '@mooring/api';
import type { CachedObject } from '@mooring/runtime';

/** What is remembered of one Job that moves data. */
export interface MoverRun extends CachedObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
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
  const env = new Map((pod?.containers?.[0]?.env ?? []).map(({ name, value }) => [name, value]));
  const order = (name: keyof typeof moverVariables): string => env.get(moverVariables[name]) ?? '';
  return {
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      uid: metadata.uid ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
    },
    task: labels[LABEL_MOVER_TASK] ?? '',
    objectUid: labels[LABEL_MOVER_OBJECT] ?? '',
    objectName: annotations[ANNOTATION_MOVER_OBJECT] ?? '',
    target: labels[LABEL_BACKUP_TARGET] ?? '',
    volume: labels[LABEL_BACKUP_VOLUME] ?? '',
    orders: { target: order('target'), volume: order('volume'), backup: order('backup') },
    node: pod?.nodeSelector?.['kubernetes.io/hostname'] ?? '',
    state: moverState(job),
  };
}

/** True while Pods of the Job may still work. */
export function isActive({ state }: MoverRun): boolean {
  return state.kind === 'running' || state.kind === 'stopping';
}
