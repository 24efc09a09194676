import {
  isMoverActive,
  jobResource,
  MOVER_SELECTOR,
  moverJob,
  moverJobName,
  toMoverRun,
  type MoverJobInput,
  type MoverRun,
  type MoverTask,
} from '@mooring/api';
import { systemClock, type Clock } from './clock.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import { createInformer, type Informer, type InformerOptions } from './informer.ts';
import type { KubeClient } from './kube-client.ts';

/** Index of the cache: by the UID of the object. */
const BY_OBJECT = 'object';

/** Index of the cache: by target and volume in label form, `target/volume`. */
const BY_PAIR = 'pair';

/** A Job that the cache does not show after so long is gone again, milliseconds. */
const FRESH_MS = 30_000;

/** The Jobs that move data, of all services, by their label; nothing is read before it is started. `namespace`: of the Jobs. */
export function createMoverCache(
  options: Pick<InformerOptions<MoverRun>, 'client' | 'namespace' | 'onChange' | 'log' | 'metrics'>,
): Informer<MoverRun> {
  return createInformer<MoverRun>({
    ...options,
    type: jobResource,
    labelSelector: MOVER_SELECTOR,
    transform: (raw) => toMoverRun(raw as never),
    indexers: {
      [BY_OBJECT]: ({ objectUid }) => [objectUid],
      [BY_PAIR]: ({ target, volume }) => [`${target}/${volume}`],
    },
  });
}

/** What is needed to handle movers' Jobs. */
export interface MoverJobsOptions {
  readonly client: KubeClient;
  /** From {@link createMoverCache}; its `onChange` tells {@link MoverJobs.forget}. */
  readonly cache: Pick<Informer<MoverRun>, 'get' | 'list' | 'byIndex'>;
  /** Of the Jobs. */
  readonly namespace: string;
  readonly limitWrites: <T>(write: () => Promise<T>) => Promise<T>;
  readonly clock?: Clock | undefined;
}

/** Which Job: its name follows from these. */
type WhichJob = Pick<MoverJobInput, 'task' | 'object' | 'instance'>;

/**
 * The Jobs that move data: those that the cache shows, and those that this process made a moment ago and that it does not show yet, without which
 * two operations would begin where one may.
 */
export class MoverJobs {
  readonly #options: MoverJobsOptions;
  readonly #clock: Clock;
  readonly #fresh = new Map<string, { readonly run: MoverRun; readonly madeMs: number }>();

  constructor(options: MoverJobsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The cache has seen this Job, or its end. */
  forget({ metadata }: MoverRun): void {
    this.#fresh.delete(metadata.name);
  }

  /** All of them, of other services too. */
  list(): MoverRun[] {
    return this.#withFresh(this.#options.cache.list(), () => true);
  }

  /** Those for the object with this UID. */
  ofObject(uid: string): MoverRun[] {
    return this.#withFresh(this.#options.cache.byIndex(BY_OBJECT, uid), ({ objectUid }) => objectUid === uid);
  }

  /** Those whose Pods may still work on a target and volume, both in label form. */
  activeOn(target: string, volume: string): MoverRun[] {
    const isOn = (run: MoverRun): boolean => run.target === target && run.volume === volume;
    return this.#withFresh(this.#options.cache.byIndex(BY_PAIR, `${target}/${volume}`), isOn).filter(isMoverActive);
  }

  /** The Job of a task for an object. */
  find(which: WhichJob): MoverRun | undefined {
    const name = moverJobName(which);
    const { cache, namespace } = this.#options;
    this.#tidy();
    return cache.get(namespace, name) ?? this.#fresh.get(name)?.run;
  }

  /** Makes the Job; one that is there is left as it is. Throws ApiError, ConnectionError. */
  async start(input: MoverJobInput): Promise<void> {
    const { client, limitWrites } = this.#options;
    const job = moverJob(input);
    const { name } = job.metadata;
    this.#fresh.set(name, { run: toMoverRun(job), madeMs: this.#clock.monotonic() });
    try {
      await limitWrites(() => client.create(jobResource, job));
    } catch (error) {
      this.#fresh.delete(name);
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** Stops the Job of a task for an object if there is one, as {@link remove} with 'Foreground'. */
  async stop(which: WhichJob): Promise<void> {
    const run = this.find(which);
    if (run !== undefined) await this.remove([run], 'Foreground');
  }

  /** Stops what is left of Jobs for an object of the object namespace that is gone, by its name. */
  async stopOrphans(objectName: string, tasks: readonly MoverTask[]): Promise<void> {
    const isOrphan = (run: MoverRun): boolean =>
      run.objectName === objectName && tasks.some((task) => task === run.task);
    await this.remove(this.list().filter(isOrphan), 'Foreground');
  }

  /**
   * Deletes Jobs that are over (`Background`: their Pods are swept later), or stops them (`Foreground`: a Job stays as long as one of its Pods does,
   * so that its absence says that nobody writes any more). One that is gone, or another of the name, is no error.
   */
  async remove(runs: readonly MoverRun[], how: 'Background' | 'Foreground'): Promise<void> {
    const living = runs.filter(({ state }) => state.kind !== 'stopping' || how === 'Background');
    await Promise.all(living.map((run) => this.#delete(run, how)));
  }

  async #delete({ metadata: { namespace, name, uid } }: MoverRun, how: 'Background' | 'Foreground'): Promise<void> {
    const { client, limitWrites } = this.#options;
    const options = { ...(uid === '' ? {} : { uid }), propagationPolicy: how };
    try {
      await limitWrites(() => client.delete(jobResource, { namespace, name }, options));
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  #withFresh(known: readonly MoverRun[], isMeant: (run: MoverRun) => boolean): MoverRun[] {
    this.#tidy();
    return [...known, ...[...this.#fresh.values()].map(({ run }) => run).filter(isMeant)];
  }

  #tidy(): void {
    const { cache, namespace } = this.#options;
    const oldestMs = this.#clock.monotonic() - FRESH_MS;
    for (const [name, { madeMs }] of this.#fresh) {
      if (madeMs < oldestMs || cache.get(namespace, name) !== undefined) this.#fresh.delete(name);
    }
  }
}
