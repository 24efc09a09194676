import {
  jobResource,
  LABEL_MOVER_TASK,
  moverJob,
  type MoverJob,
  type MoverJobInput,
  moverJobName,
  type MoverState,
  moverState,
  type MoverTask,
} from '@mooring/api';
import { objectOfJob } from './work-caches.ts';
import { type Informer, type CachedObject, isAlreadyExists, isNotFound, type KubeClient } from '@mooring/runtime';

/** What is needed to handle movers' Jobs. */
export interface MoverJobsOptions {
  readonly client: KubeClient;
  readonly jobs: Pick<Informer<MoverJob & CachedObject>, 'get' | 'list'>;
  /** Of the Jobs. */
  readonly namespace: string;
  readonly limitWrites: <T>(write: () => Promise<T>) => Promise<T>;
}

/** A Job that the cache does not show after so long is gone again, milliseconds. */
const FRESH_MS = 30_000;

/** The Jobs of this service, by task and object. */
export class MoverJobs {
  readonly #options: MoverJobsOptions;
  /** Jobs made a moment ago that the cache does not show yet: without them two backups of one volume would begin at once. */
  readonly #fresh = new Map<string, { job: MoverJob; madeMs: number }>();

  constructor(options: MoverJobsOptions) {
    this.#options = options;
  }

  /** All movers' Jobs, of other services too. */
  list(): readonly MoverJob[] {
    const known = this.#options.jobs.list();
    for (const [name, { madeMs }] of this.#fresh) {
      const isSeen = this.#options.jobs.get(this.#options.namespace, name) !== undefined;
      if (isSeen || performance.now() - madeMs > FRESH_MS) this.#fresh.delete(name);
    }
    return [...known, ...[...this.#fresh.values()].map(({ job }) => job)];
  }

  /** State of the Job of a task for an object; undefined without one. */
  stateOf(run: Pick<MoverJobInput, 'task' | 'object' | 'instance'>): MoverState | undefined {
    const job = this.#find(run);
    return job === undefined ? undefined : moverState(job);
  }

  /** Makes the Job; one that is there is left as it is. */
  async start(input: MoverJobInput): Promise<void> {
    const { client, limitWrites } = this.#options;
    try {
      const job = moverJob(input);
      await limitWrites(() => client.create(jobResource, job));
      this.#fresh.set(job.metadata.name, { job, madeMs: performance.now() });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** Deletes the Job if there is one; it stays until its Pods have ended. */
  async remove(run: Pick<MoverJobInput, 'task' | 'object' | 'instance'>): Promise<void> {
    const job = this.#find(run);
    if (job !== undefined) await this.#delete(job);
  }

  /** Deletes what is left of Jobs for an object that is gone; `key` is its `namespace/name`. */
  async removeOrphans(key: string, tasks: readonly MoverTask[]): Promise<void> {
    const name = key.slice(key.indexOf('/') + 1);
    for (const job of this.list()) {
      const task = tasks.find((candidate) => job.metadata.labels?.[LABEL_MOVER_TASK] === candidate);
      if (task !== undefined && objectOfJob(job) === name) await this.#delete(job);
    }
  }

  async #delete(job: MoverJob): Promise<void> {
    if (job.metadata.deletionTimestamp) return;
    const { client, namespace, limitWrites } = this.#options;
    const ref = { namespace, name: job.metadata.name };
    try {
      // Foreground: the Job is there as long as one of its Pods is, so its absence says that nobody writes any more.
      await limitWrites(() =>
        client.delete(jobResource, ref, { uid: job.metadata.uid, propagationPolicy: 'Foreground' }),
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #find(run: Pick<MoverJobInput, 'task' | 'object' | 'instance'>): MoverJob | undefined {
    const name = moverJobName(run);
    return this.list().find((job) => job.metadata.name === name);
  }
}
