import { moverTasks, resources, type KubeObject, type ResourceType } from '@mooring/api';
import { isConflict, isNotFound, type KubeClient } from '@mooring/runtime';
import type { RunConfig } from './config.ts';
import { MoverError } from './errors.ts';

const TYPES = {
  Snapshot: resources.snapshots,
  Backup: resources.backups,
  Volume: resources.volumes,
} as const satisfies Record<string, ResourceType>;

/** A report may take so long, milliseconds: two of them fit into the Pod's 60 s after SIGTERM, beside the blocks in flight. */
const PATCH_MS = 10_000;

/** The object that a run is for. */
export class Subject {
  readonly type: ResourceType;
  readonly #client: KubeClient;
  readonly #config: RunConfig;

  constructor(client: KubeClient, config: RunConfig) {
    this.#client = client;
    this.#config = config;
    this.type = TYPES[moverTasks[config.task]];
  }

  /**
   * Reads it, uncached. Throws MoverError `ObjectGone` when it is gone, has another UID or is being deleted, and `NotDeleted` where the task is
   * to clear away after an object that is not.
   */
  async read<T extends KubeObject>(): Promise<T> {
    const { objectNamespace: namespace, object: name } = this.#config;
    try {
      return this.check(await this.#client.get<T>(this.type, { namespace, name }));
    } catch (error) {
      throw isNotFound(error) ? this.#gone(error) : error;
    }
  }

  /** The object as it was read or answered, if this run may still work for it; throws as {@link read}. */
  check<T extends KubeObject>(object: T): T {
    const { uid, task } = this.#config;
    if (object.metadata.uid !== uid) throw this.#gone();
    const isDeleted = Boolean(object.metadata.deletionTimestamp);
    if (task !== 'remove-snapshot') {
      if (isDeleted) throw this.#gone();
      return object;
    }
    if (!isDeleted) throw new MoverError('NotDeleted', { action: this.#action });
    return object;
  }

  /** Merges members into its status. Throws as {@link read}. */
  async patchStatus(status: object): Promise<void> {
    const { objectNamespace: namespace, object: name, uid } = this.#config;
    const ref = { namespace, name, subresource: 'status' };
    try {
      // With the UID, it never reaches another object of the same name.
      this.check(
        await this.#client.patch(this.type, ref, { metadata: { uid }, status }, { kind: 'merge', timeoutMs: PATCH_MS }),
      );
    } catch (error) {
      if (isNotFound(error)) throw this.#gone(error);
      if (isConflict(error)) await this.read();
      throw error;
    }
  }

  get #action(): string {
    const { task, object } = this.#config;
    return `${task.replace('-', ' ')} for ${moverTasks[task].toLowerCase()} '${object}'`;
  }

  #gone(cause?: unknown): MoverError {
    return new MoverError('ObjectGone', { action: this.#action, cause });
  }
}
