import {
  StoreError,
  type CallOptions,
  type GetOptions,
  type KeyOptions,
  type ListOptions,
  type ListPage,
  type ObjectContent,
  type ObjectInfo,
  type ObjectStore,
  type PutOptions,
  type PutResult,
  type StoreCapabilities,
} from '@mooring/backupstore';

/**
 * What goes wrong with one call: `fail` before it is done · `hang` until the caller gives up · `short` half of what was read
 * · `lie` a write that reports success and did nothing · `die` a write that is done and reports failure · `kill` this call
 * and all later ones fail, as for a process that is no more.
 */
export type StoreFault = 'fail' | 'hang' | 'short' | 'lie' | 'die' | 'kill';

/** All of them. */
export const storeFaults: readonly StoreFault[] = ['fail', 'hang', 'short', 'lie', 'die', 'kill'];

/** Called before each call with its index (0 is the first), operation and key or prefix. */
export type FaultPlan = (call: {
  readonly index: number;
  readonly operation: string;
  readonly key: string;
}) => StoreFault | undefined;

/** A store that misbehaves as planned. */
export class FaultyStore implements ObjectStore {
  readonly capabilities: StoreCapabilities;
  /** Told when a call begins to hang. */
  onHang: () => void = () => undefined;
  readonly #inner: ObjectStore;
  readonly #plan: FaultPlan;
  #calls = 0;
  #isDead = false;

  constructor(inner: ObjectStore, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
    this.capabilities = inner.capabilities;
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls;
  }

  async list(options: ListOptions): Promise<ListPage> {
    await this.#before('list', options.prefix, options.signal);
    return await this.#inner.list(options);
  }

  async head(options: KeyOptions): Promise<ObjectInfo> {
    await this.#before('head', options.key, options.signal);
    return await this.#inner.head(options);
  }

  async get(options: GetOptions): Promise<ObjectContent> {
    const fault = await this.#before('get', options.key, options.signal);
    const content = await this.#inner.get(options);
    return fault === 'short' ? { ...content, body: content.body.subarray(0, content.body.length / 2) } : content;
  }

  async put(options: PutOptions): Promise<PutResult> {
    const fault = await this.#before('put', options.key, options.signal);
    if (fault === 'lie') return {};
    const result = await this.#inner.put(options);
    if (fault === 'die') throw broken(options.key);
    return result;
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    const fault = await this.#before('delete', keys[0] ?? '', options?.signal);
    if (fault === 'lie') return;
    await this.#inner.delete(keys, options);
    if (fault === 'die') throw broken(keys[0] ?? '');
  }

  close(): void {
    this.#inner.close();
  }

  async #before(operation: string, key: string, signal: AbortSignal | undefined): Promise<StoreFault | undefined> {
    const fault = this.#plan({ index: this.#calls++, operation, key });
    this.#isDead ||= fault === 'kill';
    if (this.#isDead || fault === 'fail') throw broken(key);
    if (fault === 'hang') await this.#hang(key, signal);
    return fault;
  }

  async #hang(key: string, signal: AbortSignal | undefined): Promise<never> {
    return await new Promise((_resolve, reject) => {
      const giveUp = (): void => {
        reject(new StoreError('Cancelled', { action: `reach '${key}'` }));
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted === true) giveUp();
      // Without a signal the store's own timeout would end it.
      if (signal === undefined) giveUp();
      else this.onHang();
    });
  }
}

function broken(key: string): StoreError {
  return new StoreError('Unavailable', { action: `reach '${key}'` });
}
