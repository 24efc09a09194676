import type { ChangeHub } from './change-hub.ts';
import { type MoverRun, resources, type Setting, type Snapshot, type Volume } from '@mooring/api';
import {
  type CachedObject,
  createInformer,
  createMoverCache,
  type Informer,
  type KubeClient,
  type Log,
  type Metrics,
} from '@mooring/runtime';

/** What is known, without asking, of the objects that a backup is made from. */
export interface WorkCaches {
  readonly jobs: Informer<MoverRun>;
  readonly snapshots: Informer<Snapshot & CachedObject>;
  /** Volumes of this cluster; `volumes` are those of the stores. */
  readonly sources: Informer<Volume & CachedObject>;
  readonly settings: Informer<Setting & CachedObject>;
}

/** What `createWorkCaches` needs. */
export interface WorkCacheOptions {
  readonly client: KubeClient;
  /** The object namespace. */
  readonly namespace: string;
  /** Of the Jobs. */
  readonly jobNamespace: string;
  /** Told of every change that may concern something else. */
  readonly hub: Pick<ChangeHub, 'onJob' | 'onSnapshot' | 'onSource' | 'onSetting'>;
  readonly log?: Log | undefined;
  readonly metrics?: Metrics | undefined;
}

/** Makes the informers. Nothing is read before they are started. */
export function createWorkCaches(options: WorkCacheOptions): WorkCaches {
  const { client, namespace, jobNamespace, hub, log, metrics } = options;
  const common = { client, namespace, log, metrics };
  return {
    jobs: createMoverCache({
      ...common,
      namespace: jobNamespace,
      onChange: (change) => hub.onJob(change.new ?? change.old, change.type === 'deleted'),
    }),
    snapshots: createInformer<Snapshot & CachedObject>({
      ...common,
      type: resources.snapshots,
      onChange: (change) => hub.onSnapshot((change.new ?? change.old).metadata.name),
    }),
    sources: createInformer<Volume & CachedObject>({
      ...common,
      type: resources.volumes,
      onChange: (change) => {
        if (change.type !== 'updated' || isOther(change.old, change.new))
          hub.onSource((change.new ?? change.old).metadata.name);
      },
    }),
    settings: createInformer<Setting & CachedObject>({
      ...common,
      type: resources.settings,
      onChange: (change) => hub.onSetting((change.new ?? change.old).metadata.name),
    }),
  };
}

function isOther(old: Volume, current: Volume): boolean {
  return old.metadata.generation !== current.metadata.generation || old.metadata.uid !== current.metadata.uid;
}
