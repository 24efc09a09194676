import { jobResource, moverJob, type MoverJobInput } from '@mooring/api';
import { isAlreadyExists, isConflict, isNotFound, type KubeClient } from '@mooring/runtime';
import { BY_OBJECT, BY_PAIR, type RestoreCaches } from './caches.ts';
import { isActive, type MoverRun, toMoverRun } from './restore-run.ts';

/** What is needed to handle movers' Jobs. */
export interface MoverRunsOptions {
  readonly client: KubeClient;
  readonly runs: RestoreCaches['runs'];
  readonly limitWrites: <T>(write: () => Promise<T>) => Promise<T>;
}

/**
 * The Jobs that move data: those that the cache shows, and those that this process made a moment ago and that it does not show yet, without which
 * two restores would begin where one may.
 */
export class MoverRuns {
  readonly #options: MoverRunsOptions;
  readonly #fresh = new Map<string, MoverRun>();

  constructor(options: MoverRunsOptions) {
    this.#options = options;
  }

  /** The cache has seen this Job, or its end. */
  forget({ metadata }: MoverRun): void {
    this.#fresh.delete(metadata.name);
  }

  /** Restores into the object with this UID. */
  restoresOf(uid: string): MoverRun[] {
    return this.#all(this.#options.runs.byIndex(BY_OBJECT, uid), ({ objectUid }) => objectUid === uid).filter(
      isRestore,
    );
  }

  /** Jobs whose Pods may still work on a target and volume, both in label form. */
  activeOn(target: string, volume: string): MoverRun[] {
    const isOn = (run: MoverRun): boolean => run.target === target && run.volume === volume;
    return this.#all(this.#options.runs.byIndex(BY_PAIR, `${target}/${volume}`), isOn).filter(isActive);
  }

  /** Restores that may still run. */
  activeRestores(): MoverRun[] {
    return this.#all(this.#options.runs.list(), () => true).filter((run) => isRestore(run) && isActive(run));
  }

  /** Makes the Job; one that is there is left as it is. */
  async start(input: MoverJobInput): Promise<void> {
    const { client, limitWrites } = this.#options;
    const job = moverJob(input);
    try {
      this.#fresh.set(job.metadata.name, toMoverRun(job));
      await limitWrites(() => client.create(jobResource, job));
    } catch (error) {
      this.#fresh.delete(job.metadata.name);
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /**
   * Deletes Jobs that are over (their Pods are swept later), or stops them: then a Job stays as long as one of its Pods does, so that its absence
   * says that nobody writes any more. One that is gone, or another of the name, is no error.
   */
  async remove(runs: readonly MoverRun[], how: 'Background' | 'Foreground'): Promise<void> {
    const { client, limitWrites } = this.#options;
    const living = runs.filter(({ state }) => state.kind !== 'stopping' || how === 'Background');
    await Promise.all(
      living.map(async ({ metadata: { namespace, name, uid } }) => {
        const preconditions = uid === '' ? {} : { uid };
        try {
          await limitWrites(() =>
            client.delete(jobResource, { namespace, name }, { ...preconditions, propagationPolicy: how }),
          );
        } catch (error) {
          if (!isNotFound(error) && !isConflict(error)) throw error;
        }
      }),
    );
  }

  #all(known: readonly MoverRun[], isMeant: (run: MoverRun) => boolean): MoverRun[] {
    const { runs } = this.#options;
    for (const [name, { metadata }] of this.#fresh) {
      if (runs.get(metadata.namespace, name) !== undefined) this.#fresh.delete(name);
    }
    return [...known, ...[...this.#fresh.values()].filter(isMeant)];
  }
}

function isRestore({ task }: MoverRun): boolean {
  return task === 'restore';
}
