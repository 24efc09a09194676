import type { CallOptions, ObjectStore, PutOptions, StoreCapabilities, SweepLeftoversOptions } from '../store.ts';

/** How a {@link ConfirmedStore} is made. */
export interface ConfirmedStoreOptions {
  readonly store: ObjectStore;
  /** Keys below it are deleted without asking: a lock that was taken has to be given back. */
  readonly locksPrefix: string;
  /** Asked once, right before the first deletion. Throws when nothing may be deleted. */
  readonly confirm: () => Promise<void>;
}

/** A store that asks once more before the first deletion: hours may have gone by while the lock was waited for. */
export class ConfirmedStore implements ObjectStore {
  readonly capabilities: StoreCapabilities;
  readonly #options: ConfirmedStoreOptions;
  readonly list: ObjectStore['list'];
  readonly head: ObjectStore['head'];
  readonly get: ObjectStore['get'];
  #confirmed: Promise<void> | undefined;

  constructor(options: ConfirmedStoreOptions) {
    const { store } = options;
    this.#options = options;
    this.capabilities = store.capabilities;
    this.list = (call) => store.list(call);
    this.head = (call) => store.head(call);
    this.get = (call) => store.get(call);
  }

  async put(options: PutOptions): ReturnType<ObjectStore['put']> {
    return await this.#options.store.put(options);
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    const { store, locksPrefix, confirm } = this.#options;
    if (keys.some((key) => !key.startsWith(locksPrefix))) await (this.#confirmed ??= confirm());
    await store.delete(keys, options);
  }

  async sweepLeftovers(folder: string, options?: SweepLeftoversOptions): Promise<void> {
    const { store, confirm } = this.#options;
    await (this.#confirmed ??= confirm());
    await store.sweepLeftovers?.(folder, options);
  }

  close(): void {
    this.#options.store.close();
  }
}
