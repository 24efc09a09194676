import {
  blockKey,
  decodeBackupConfig,
  decodeVolumeConfig,
  decompressBlock,
  isBackupComplete,
  parseCompressionMethod,
  storeChecksum,
  StoreError,
  volumePrefix,
  type BackupConfig,
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
import { blockOf, type Image } from '../integration/image-source.ts';

/**
 * What happens to one call. `fail`: an error, nothing done · `die`: done, then an error · `late`: an error, and done a
 * while later · `lie`: success, nothing done · `short`: a write keeps half of the body, a listing loses half of its
 * keys, a read half of its bytes · `stop`: this and every later call end in an error, nothing is done (the process is
 * dead) · `stopAfter`: this one is done, no later one is · `hang`: no answer until the caller gives it up.
 */
export const faults = ['fail', 'die', 'late', 'lie', 'short', 'stop', 'stopAfter', 'hang'] as const;

/** One of {@link faults}. */
export type Fault = (typeof faults)[number];

type Operation = 'list' | 'head' | 'get' | 'put' | 'delete';

/** A store that does something wrong at one call, counted from 0. */
export class FaultyStore implements ObjectStore {
  readonly capabilities: StoreCapabilities;
  /** Every call so far: `put …/volume.cfg`. */
  readonly calls: string[] = [];
  /** Called before each call, with its index. */
  before: (index: number) => void | Promise<void> = () => undefined;
  readonly #store: ObjectStore;
  readonly #fault: { readonly kind: Fault; readonly at: number } | undefined;
  #isStopped = false;

  constructor(store: ObjectStore, fault?: { readonly kind: Fault; readonly at: number }) {
    this.#store = store;
    this.#fault = fault;
    this.capabilities = store.capabilities;
  }

  async list(options: ListOptions): Promise<ListPage> {
    const page = await this.#call(
      'list',
      { ...options, key: options.prefix },
      async () => await this.#store.list(options),
    );
    if (page !== 'short' && page !== 'lie') return page;
    const { objects, prefixes } = await this.#store.list(options);
    return { objects: objects.slice(0, objects.length / 2), prefixes };
  }

  async head(options: KeyOptions): Promise<ObjectInfo> {
    const info = await this.#call('head', options, async () => await this.#store.head(options));
    if (info !== 'short' && info !== 'lie') return info;
    throw dead(options.key);
  }

  async get(options: GetOptions): Promise<ObjectContent> {
    const content = await this.#call('get', options, async () => await this.#store.get(options));
    if (content !== 'short' && content !== 'lie') return content;
    const { body, ...info } = await this.#store.get(options);
    const half = body.subarray(0, body.length / 2);
    return { ...info, body: half };
  }

  async put(options: PutOptions): Promise<PutResult> {
    const result = await this.#call('put', options, async () => await this.#store.put(options));
    if (result === 'lie') return {};
    if (result !== 'short') return result;
    return await this.#store.put({ ...options, body: options.body.subarray(0, options.body.length / 2) });
  }

  async delete(keys: readonly string[]): Promise<void> {
    const remove = async (): Promise<undefined> => {
      await this.#store.delete(keys);
      return undefined;
    };
    if ((await this.#call('delete', { key: keys[0] ?? '' }, remove)) === 'short') await this.#store.delete(keys);
  }

  close(): void {
    // The store behind it is shared.
  }

  async #call<T>(operation: Operation, { key, signal }: Called, run: () => Promise<T>): Promise<T | 'short' | 'lie'> {
    const index = this.calls.length;
    this.calls.push(`${operation} ${key}`);
    if (this.#isStopped) throw dead(key);
    await this.before(index);
    const kind = this.#fault?.at === index ? this.#fault.kind : undefined;
    if (kind === undefined) return await run();
    if (kind === 'short') return 'short';
    // A read cannot lie; it fails.
    if (kind === 'lie' && (operation === 'put' || operation === 'delete')) return 'lie';
    await this.#disturb(kind, run, signal);
    throw dead(key);
  }

  async #disturb(kind: Fault, run: () => Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
    if (kind === 'die' || kind === 'stopAfter') await run();
    if (kind === 'late') void later(run);
    if (kind === 'stop' || kind === 'stopAfter') this.#isStopped = true;
    if (kind === 'hang' && signal?.aborted === false) {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
    }
  }
}

/** What a call is about. */
interface Called {
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

async function later(run: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  await run().catch(() => undefined);
}

function dead(key: string): StoreError {
  return new StoreError('Unavailable', { action: `reach '${key}'`, key });
}

/** Everything in a store, by key. */
export async function contentOf(store: ObjectStore): Promise<Map<string, Buffer>> {
  const content = new Map<string, Buffer>();
  for (let continuation: string | undefined, first = true; first || continuation !== undefined; first = false) {
    const page: ListPage = await store.list({ prefix: '', ...(continuation !== undefined && { continuation }) });
    for (const { key } of page.objects) content.set(key, (await store.get({ key })).body);
    continuation = page.continuation;
  }
  return content;
}

/** What is wrong with a volume in a store by the rules of the format; in-progress configs, orphans and locks are allowed. */
export async function problemsOf(
  content: ReadonlyMap<string, Buffer>,
  volume: string,
  images: Readonly<Record<string, Image>>,
): Promise<string[]> {
  const problems: string[] = [];
  const prefix = volumePrefix(volume);
  const volumeConfig = content.get(`${prefix}volume.cfg`);
  if (volumeConfig !== undefined) decodeVolumeConfig(volumeConfig, { key: 'volume.cfg' });
  for (const [key, body] of content) {
    if (!key.startsWith(`${prefix}backups/`)) continue;
    const config = decodeBackupConfig(body, { key });
    if (!isBackupComplete(config)) continue;
    const found = await problemsOfBackup(config, content, images[config.snapshotName] ?? []);
    problems.push(...found.map((problem) => `${config.name}: ${problem}`));
  }
  return problems;
}

async function problemsOfBackup(
  config: BackupConfig,
  content: ReadonlyMap<string, Buffer>,
  image: Image,
): Promise<string[]> {
  const problems: string[] = [];
  const blockBytes = Number(config.parameters?.['backup-block-size']);
  const restored = new Map<number, string>();
  for (const [index, { offset, checksum }] of config.blocks.entries()) {
    if (offset <= (config.blocks[index - 1]?.offset ?? -1)) problems.push('offsets are not ascending');
    const problem = await problemOfBlock(config, content.get(blockKey(config.volumeName, checksum)), checksum);
    if (problem !== undefined) problems.push(problem);
    restored.set(offset / blockBytes, checksum);
  }
  for (const [index, seed] of image.entries()) {
    const found = restored.get(index) ?? storeChecksum(Buffer.alloc(blockBytes));
    if (found !== storeChecksum(Buffer.alloc(blockBytes).fill(blockOf(seed)))) {
      problems.push(`block ${String(index)} is not that of the snapshot`);
    }
  }
  return problems;
}

async function problemOfBlock(
  { compressionMethod, parameters }: BackupConfig,
  block: Buffer | undefined,
  checksum: string,
): Promise<string | undefined> {
  if (block === undefined) return `block ${checksum} is missing`;
  const method = parseCompressionMethod(compressionMethod);
  const maxBytes = Number(parameters?.['backup-block-size']);
  const plain = await decompressBlock(method, block, { key: checksum, maxBytes });
  return storeChecksum(plain) === checksum ? undefined : `block ${checksum} is corrupt`;
}

/** The store as it should end, whatever happened on the way: times and locks apart. */
export function endStateOf(content: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries(
    [...content]
      .filter(([key]) => !key.includes('/locks/'))
      .map(([key, body]) => [
        key,
        key.endsWith('.cfg')
          ? body.toString().replace(/"CreatedTime":"[^"]+"/, '"CreatedTime":"T"')
          : storeChecksum(body),
      ]),
  );
}
