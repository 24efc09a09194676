import { StoreError } from '../errors.ts';
import type {
  CallOptions,
  GetOptions,
  KeyOptions,
  ListOptions,
  ListPage,
  ObjectContent,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreCapabilities,
} from '../store.ts';

/** A store that refuses writes and deletes with `ReadOnly`, before anything is asked of the store behind it. */
export class ReadOnlyStore implements ObjectStore {
  readonly capabilities: StoreCapabilities;
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
    this.capabilities = store.capabilities;
  }

  async list(options: ListOptions): Promise<ListPage> {
    return await this.#store.list(options);
  }

  async head(options: KeyOptions): Promise<ObjectInfo> {
    return await this.#store.head(options);
  }

  async get(options: GetOptions): Promise<ObjectContent> {
    return await this.#store.get(options);
  }

  async put({ key }: PutOptions): Promise<PutResult> {
    return await Promise.reject(new StoreError('ReadOnly', { action: `write object '${key}'`, key }));
  }

  async delete(keys: readonly string[], _options?: CallOptions): Promise<void> {
    await Promise.reject(new StoreError('ReadOnly', { action: `delete ${String(keys.length)} objects` }));
  }

  close(): void {
    this.#store.close();
  }
}
