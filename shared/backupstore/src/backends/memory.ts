import { StoreError } from '../errors.ts';
import { compareKeys } from '../layout.ts';
import type {
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
  StoredObject,
} from '../store.ts';

/** How a {@link MemoryStore} behaves. */
export interface MemoryStoreOptions {
  readonly capabilities?: Partial<StoreCapabilities>;
  /** Keys a page holds at most, whatever is asked for; default 1,000. */
  readonly maxPage?: number;
  /** The order of a flat listing; default byte order. Another order breaks the contract, as some real servers do. */
  readonly compare?: (a: string, b: string) => number;
  /** The start-after is ignored, as some real servers do. */
  readonly ignoresStartAfter?: boolean;
  /** The store's clock, milliseconds since 1970; default: it stands still. */
  readonly now?: () => number;
}

/** A store in memory, for models and tests of what lies above stores. Counts its calls by operation. */
export class MemoryStore implements ObjectStore {
  readonly capabilities: StoreCapabilities;
  /** Calls since the start, by operation. */
  readonly calls = { list: 0, head: 0, get: 0, put: 0, delete: 0 };
  /** Called before each operation; what it throws is the operation's error. */
  beforeCall: (operation: keyof MemoryStore['calls'], subject: string) => void = () => undefined;
  readonly #objects = new Map<string, { body: Buffer; info: ObjectInfo }>();
  readonly #options: MemoryStoreOptions;
  #sorted: string[] | undefined;
  #writes = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
    this.capabilities = {
      scheme: 's3',
      flatList: true,
      conditionalPut: true,
      conditionalReplace: true,
      batchDelete: true,
      etags: true,
      ...options.capabilities,
    };
  }

  async list(options: ListOptions): Promise<ListPage> {
    this.#called('list', options.prefix);
    await Promise.resolve();
    const { maxPage = 1000, ignoresStartAfter = false } = this.#options;
    const limit = Math.min(options.maxKeys ?? 1000, maxPage);
    const startAfter = ignoresStartAfter ? undefined : options.startAfter;
    const all = this.#entries(options.prefix, options.delimiter);
    const rest = all.slice(this.#firstAfter(all, options.continuation)).filter((key) => isAfter(key, startAfter));
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    return {
      objects: page.flatMap((key) => this.#describe(key)),
      prefixes: page.filter((key) => !this.#objects.has(key)),
      ...(rest.length > limit && last !== undefined && { continuation: last }),
    };
  }

  async head({ key }: KeyOptions): Promise<ObjectInfo> {
    this.#called('head', key);
    await Promise.resolve();
    return this.#find(key).info;
  }

  async get({ key, range }: GetOptions): Promise<ObjectContent> {
    this.#called('get', key);
    await Promise.resolve();
    const { body, info } = this.#find(key);
    return { body: Buffer.from(range === undefined ? body : body.subarray(range.start, range.end + 1)), ...info };
  }

  async put({ key, body, ifAbsent = false, ifMatch }: PutOptions): Promise<PutResult> {
    this.#called('put', key);
    await Promise.resolve();
    const isRefused = ifMatch !== undefined && this.#objects.get(key)?.info.etag !== ifMatch;
    if (isRefused || (ifAbsent && this.#objects.has(key)))
      throw new StoreError('AlreadyExists', { action: `write object '${key}'`, key });
    return this.set(key, body);
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#called('delete', keys[0] ?? '');
    await Promise.resolve();
    for (const key of keys) this.#objects.delete(key);
    this.#sorted = undefined;
  }

  close(): void {
    // Nothing to close.
  }

  /** Puts an object without a call. */
  set(key: string, body: Uint8Array | string = 'x', mtimeMs = this.#options.now?.() ?? 1_700_000_000_000): PutResult {
    const bytes = Buffer.from(body);
    const etag = this.capabilities.etags ? { etag: `e${String(++this.#writes)}` } : {};
    this.#objects.set(key, { body: bytes, info: { size: bytes.length, mtimeMs, ...etag } });
    this.#sorted = undefined;
    return etag;
  }

  #called(operation: keyof MemoryStore['calls'], subject: string): void {
    this.calls[operation] += 1;
    this.beforeCall(operation, subject);
  }

  #find(key: string): { body: Buffer; info: ObjectInfo } {
    const found = this.#objects.get(key);
    if (found === undefined) throw new StoreError('NotFound', { action: `read object '${key}'`, key });
    return found;
  }

  #entries(prefix: string, delimiter: '/' | undefined): string[] {
    this.#sorted ??= [...this.#objects.keys()].sort(this.#options.compare ?? compareKeys);
    const keys = this.#sorted.filter((key) => key.startsWith(prefix));
    if (delimiter === undefined) return keys;
    const entries = keys.map((key) => {
      const slash = key.indexOf('/', prefix.length);
      return slash < 0 ? key : key.slice(0, slash + 1);
    });
    return [...new Set(entries)];
  }

  // Right also when the key that a page ended with is gone meanwhile.
  #firstAfter(keys: readonly string[], continuation: string | undefined): number {
    if (continuation === undefined) return 0;
    const compare = this.#options.compare ?? compareKeys;
    const index = keys.findIndex((key) => compare(key, continuation) > 0);
    return index < 0 ? keys.length : index;
  }

  #describe(key: string): StoredObject[] {
    const found = this.#objects.get(key);
    return found === undefined ? [] : [{ key, ...found.info }];
  }
}

function isAfter(key: string, startAfter: string | undefined): boolean {
  return startAfter === undefined || compareKeys(key, startAfter) > 0;
}
